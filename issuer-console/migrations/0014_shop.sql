CREATE TABLE "applications" (
	"id" uuid PRIMARY KEY NOT NULL,
	"purchase_id" text NOT NULL,
	"event_id" uuid NOT NULL,
	"vendor_id" uuid NOT NULL,
	"state" text NOT NULL,
	"language" text NOT NULL,
	"method" text NOT NULL,
	"kazashi" boolean NOT NULL,
	"total_yen" integer NOT NULL,
	"pay_within_hours" integer NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"linked_at" timestamp (3) with time zone,
	"due_at" timestamp (3) with time zone,
	"paid_at" timestamp (3) with time zone,
	"slip" text,
	"evidence_id" text,
	"stated" "bytea",
	"card_mark" "bytea",
	CONSTRAINT "applications_slip_unique" UNIQUE("slip"),
	CONSTRAINT "applications_purchase" UNIQUE("event_id","purchase_id")
);
--> statement-breakpoint
CREATE TABLE "evidence" (
	"id" text PRIMARY KEY NOT NULL,
	"event_id" uuid NOT NULL,
	"vendor_id" uuid NOT NULL,
	"purchase_id" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"sealed" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "offer_seats" (
	"offer_id" uuid NOT NULL,
	"place" integer NOT NULL,
	"gate" text NOT NULL,
	"block" text,
	"row" text,
	"number" text,
	"application_id" uuid,
	CONSTRAINT "offer_seats_offer_id_place_pk" PRIMARY KEY("offer_id","place")
);
--> statement-breakpoint
CREATE TABLE "offers" (
	"id" uuid PRIMARY KEY NOT NULL,
	"event_id" uuid NOT NULL,
	"vendor_id" uuid NOT NULL,
	"category" text NOT NULL,
	"price_yen" integer NOT NULL,
	"per_card" integer NOT NULL,
	"method" text NOT NULL,
	"kazashi" boolean NOT NULL,
	"sale_from" timestamp (3) with time zone NOT NULL,
	"sale_until" timestamp (3) with time zone NOT NULL,
	"pay_within_hours" integer NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "payment_secrets" (
	"id" text PRIMARY KEY NOT NULL,
	"vendor_id" uuid NOT NULL,
	"sealed" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "payments" (
	"id" uuid PRIMARY KEY NOT NULL,
	"vendor_id" uuid NOT NULL,
	"payment_id" text NOT NULL,
	"slip" text NOT NULL,
	"amount_yen" integer NOT NULL,
	"paid_at" timestamp (3) with time zone NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL,
	"outcome" text NOT NULL,
	"application_id" uuid,
	"settled" text,
	"settled_at" timestamp (3) with time zone,
	CONSTRAINT "payments_of_vendor" UNIQUE("vendor_id","payment_id")
);
--> statement-breakpoint
ALTER TABLE "applications" ADD CONSTRAINT "applications_event_id_events_id_fk" FOREIGN KEY ("event_id") REFERENCES "public"."events"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "applications" ADD CONSTRAINT "applications_vendor_id_vendors_id_fk" FOREIGN KEY ("vendor_id") REFERENCES "public"."vendors"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "evidence" ADD CONSTRAINT "evidence_event_id_events_id_fk" FOREIGN KEY ("event_id") REFERENCES "public"."events"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "evidence" ADD CONSTRAINT "evidence_vendor_id_vendors_id_fk" FOREIGN KEY ("vendor_id") REFERENCES "public"."vendors"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "offer_seats" ADD CONSTRAINT "offer_seats_offer_id_offers_id_fk" FOREIGN KEY ("offer_id") REFERENCES "public"."offers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "offer_seats" ADD CONSTRAINT "offer_seats_application_id_applications_id_fk" FOREIGN KEY ("application_id") REFERENCES "public"."applications"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "offers" ADD CONSTRAINT "offers_event_id_events_id_fk" FOREIGN KEY ("event_id") REFERENCES "public"."events"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "offers" ADD CONSTRAINT "offers_vendor_id_vendors_id_fk" FOREIGN KEY ("vendor_id") REFERENCES "public"."vendors"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment_secrets" ADD CONSTRAINT "payment_secrets_vendor_id_vendors_id_fk" FOREIGN KEY ("vendor_id") REFERENCES "public"."vendors"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payments" ADD CONSTRAINT "payments_vendor_id_vendors_id_fk" FOREIGN KEY ("vendor_id") REFERENCES "public"."vendors"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "applications_event" ON "applications" USING btree ("event_id","created_at");--> statement-breakpoint
CREATE INDEX "applications_card" ON "applications" USING btree ("event_id","card_mark");--> statement-breakpoint
CREATE INDEX "applications_living" ON "applications" USING btree ("expires_at") WHERE state in ('open', 'pending');--> statement-breakpoint
CREATE INDEX "offer_seats_application" ON "offer_seats" USING btree ("application_id");--> statement-breakpoint
CREATE INDEX "offer_seats_free" ON "offer_seats" USING btree ("offer_id","place") WHERE application_id is null;--> statement-breakpoint
CREATE INDEX "offers_event" ON "offers" USING btree ("event_id");--> statement-breakpoint
CREATE INDEX "payment_secrets_vendor" ON "payment_secrets" USING btree ("vendor_id");--> statement-breakpoint
CREATE INDEX "payments_received" ON "payments" USING btree ("received_at");