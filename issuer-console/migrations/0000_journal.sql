CREATE TABLE "gates" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"device_key" "bytea" NOT NULL,
	"added_at" timestamp (3) with time zone NOT NULL,
	"last_sequence" bigint DEFAULT 0 NOT NULL,
	"last_hash" "bytea" NOT NULL,
	"last_seen_at" timestamp (3) with time zone,
	"admitted" bigint DEFAULT 0 NOT NULL,
	"refused" bigint DEFAULT 0 NOT NULL,
	"people" bigint DEFAULT 0 NOT NULL,
	"conflict_sequence" bigint,
	"conflict_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "journal_entries" (
	"gate_id" uuid NOT NULL,
	"sequence" bigint NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"kind" text NOT NULL,
	"outcome" text,
	"reason" text,
	"code" text,
	"people" integer NOT NULL,
	"total_us" bigint,
	"list_version" bigint,
	"received_at" timestamp (3) with time zone NOT NULL,
	"raw" "bytea" NOT NULL,
	CONSTRAINT "journal_entries_gate_id_sequence_pk" PRIMARY KEY("gate_id","sequence")
);
--> statement-breakpoint
ALTER TABLE "journal_entries" ADD CONSTRAINT "journal_entries_gate_id_gates_id_fk" FOREIGN KEY ("gate_id") REFERENCES "public"."gates"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "journal_entries_last_taps" ON "journal_entries" USING btree ("at" desc,"gate_id","sequence" desc) WHERE kind = 'decision';