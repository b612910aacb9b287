CREATE TABLE "gate_list_refusals" (
	"gate_id" uuid PRIMARY KEY NOT NULL,
	"code" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "gate_lists" (
	"gate_id" uuid NOT NULL,
	"version" bigint NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "gate_lists_gate_id_version_pk" PRIMARY KEY("gate_id","version")
);
--> statement-breakpoint
CREATE TABLE "publication_findings" (
	"publication_id" uuid NOT NULL,
	"number" integer NOT NULL,
	"kind" text NOT NULL,
	"purchase_id" text,
	"line" bigint NOT NULL,
	"field" text NOT NULL,
	"reason" text NOT NULL,
	CONSTRAINT "publication_findings_publication_id_number_pk" PRIMARY KEY("publication_id","number")
);
--> statement-breakpoint
CREATE TABLE "publications" (
	"id" uuid PRIMARY KEY NOT NULL,
	"event_id" uuid NOT NULL,
	"vendor_id" uuid NOT NULL,
	"why" text NOT NULL,
	"state" text NOT NULL,
	"requested_kind" text NOT NULL,
	"requested_by" text NOT NULL,
	"requested_at" timestamp (3) with time zone NOT NULL,
	"change_no" bigint,
	"built_at" timestamp (3) with time zone,
	"build_ms" integer,
	"hash" "bytea",
	"version" bigint,
	"fingerprint" text,
	"entries" bigint,
	"issued_at" timestamp (3) with time zone,
	"expires_at" timestamp (3) with time zone,
	"signers" text[],
	"counts" jsonb,
	"needs" text[] DEFAULT '{}' NOT NULL,
	"approved_kind" text,
	"approved_by" text,
	"approved_at" timestamp (3) with time zone,
	"loss_confirmed" boolean DEFAULT false NOT NULL,
	"published_at" timestamp (3) with time zone,
	"at_gates_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone,
	"failure" text
);
--> statement-breakpoint
ALTER TABLE "gate_list_refusals" ADD CONSTRAINT "gate_list_refusals_gate_id_gates_id_fk" FOREIGN KEY ("gate_id") REFERENCES "public"."gates"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "gate_lists" ADD CONSTRAINT "gate_lists_gate_id_gates_id_fk" FOREIGN KEY ("gate_id") REFERENCES "public"."gates"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "publication_findings" ADD CONSTRAINT "publication_findings_publication_id_publications_id_fk" FOREIGN KEY ("publication_id") REFERENCES "public"."publications"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "publications" ADD CONSTRAINT "publications_event_id_events_id_fk" FOREIGN KEY ("event_id") REFERENCES "public"."events"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "publications_event" ON "publications" USING btree ("event_id","requested_at");--> statement-breakpoint
CREATE INDEX "publications_state" ON "publications" USING btree ("state");