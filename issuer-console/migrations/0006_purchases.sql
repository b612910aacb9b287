CREATE TABLE "events" (
	"id" uuid PRIMARY KEY NOT NULL,
	"vendor_id" uuid NOT NULL,
	"name" text NOT NULL,
	"starts_at" timestamp (3) with time zone NOT NULL,
	"admission_from" timestamp (3) with time zone NOT NULL,
	"admission_until" timestamp (3) with time zone NOT NULL,
	"gates" text[] NOT NULL,
	"issuers" text[] NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"hash_key" "bytea" NOT NULL,
	"change_no" bigint DEFAULT 0 NOT NULL,
	"exported_no" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "import_rejects" (
	"import_id" uuid NOT NULL,
	"line" bigint NOT NULL,
	"field" text NOT NULL,
	"reason" text NOT NULL,
	CONSTRAINT "import_rejects_import_id_line_pk" PRIMARY KEY("import_id","line")
);
--> statement-breakpoint
CREATE TABLE "imports" (
	"id" uuid PRIMARY KEY NOT NULL,
	"event_id" uuid NOT NULL,
	"vendor_id" uuid NOT NULL,
	"format" text NOT NULL,
	"state" text NOT NULL,
	"progress" integer DEFAULT 0 NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"accepted" bigint DEFAULT 0 NOT NULL,
	"changed" bigint DEFAULT 0 NOT NULL,
	"unchanged" bigint DEFAULT 0 NOT NULL,
	"rejected" bigint DEFAULT 0 NOT NULL,
	"failure" text
);
--> statement-breakpoint
CREATE TABLE "purchase_history" (
	"event_id" uuid NOT NULL,
	"purchase_id" text NOT NULL,
	"change_no" bigint NOT NULL,
	"state" text NOT NULL,
	"until" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "purchase_history_event_id_purchase_id_change_no_pk" PRIMARY KEY("event_id","purchase_id","change_no")
);
--> statement-breakpoint
CREATE TABLE "purchases" (
	"event_id" uuid NOT NULL,
	"purchase_id" text NOT NULL,
	"vendor_id" uuid NOT NULL,
	"state" text NOT NULL,
	"tickets" integer NOT NULL,
	"hash" "bytea" NOT NULL,
	"sealed" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"changed_at" timestamp (3) with time zone NOT NULL,
	"change_no" bigint NOT NULL,
	CONSTRAINT "purchases_event_id_purchase_id_pk" PRIMARY KEY("event_id","purchase_id")
);
--> statement-breakpoint
ALTER TABLE "events" ADD CONSTRAINT "events_vendor_id_vendors_id_fk" FOREIGN KEY ("vendor_id") REFERENCES "public"."vendors"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "import_rejects" ADD CONSTRAINT "import_rejects_import_id_imports_id_fk" FOREIGN KEY ("import_id") REFERENCES "public"."imports"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "imports" ADD CONSTRAINT "imports_event_id_events_id_fk" FOREIGN KEY ("event_id") REFERENCES "public"."events"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "purchases" ADD CONSTRAINT "purchases_event_id_events_id_fk" FOREIGN KEY ("event_id") REFERENCES "public"."events"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "events_vendor" ON "events" USING btree ("vendor_id");--> statement-breakpoint
CREATE INDEX "imports_event" ON "imports" USING btree ("event_id","started_at");