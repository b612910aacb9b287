CREATE TABLE "key_destructions" (
	"id" "bytea" PRIMARY KEY NOT NULL,
	"gate_id" uuid NOT NULL,
	"event_id" uuid NOT NULL,
	"destroyed_at" timestamp (3) with time zone NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL,
	"raw" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "key_envelopes" (
	"id" "bytea" PRIMARY KEY NOT NULL,
	"gate_id" uuid NOT NULL,
	"event_id" uuid,
	"kind" text NOT NULL,
	"key_id" "bytea" NOT NULL,
	"label" text NOT NULL,
	"generation" bigint NOT NULL,
	"valid_from" timestamp (3) with time zone NOT NULL,
	"valid_until" timestamp (3) with time zone NOT NULL,
	"raw" "bytea" NOT NULL,
	"put_at" timestamp (3) with time zone NOT NULL,
	"fetched_at" timestamp (3) with time zone,
	"taken_at" timestamp (3) with time zone,
	"ordered_at" timestamp (3) with time zone,
	"destroyed_at" timestamp (3) with time zone
);
--> statement-breakpoint
ALTER TABLE "gates" ADD COLUMN "gate_key" "bytea";--> statement-breakpoint
ALTER TABLE "key_destructions" ADD CONSTRAINT "key_destructions_gate_id_gates_id_fk" FOREIGN KEY ("gate_id") REFERENCES "public"."gates"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "key_envelopes" ADD CONSTRAINT "key_envelopes_gate_id_gates_id_fk" FOREIGN KEY ("gate_id") REFERENCES "public"."gates"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "key_envelopes_gate" ON "key_envelopes" USING btree ("gate_id");