CREATE TABLE "handover_rules" (
	"event_id" uuid PRIMARY KEY NOT NULL,
	"companions" boolean NOT NULL,
	"transfer" boolean NOT NULL,
	"until" timestamp (3) with time zone,
	"fee_yen" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "handover_steps" (
	"handover_id" uuid NOT NULL,
	"step" text NOT NULL,
	"event_id" uuid NOT NULL,
	"asked_at" timestamp (3) with time zone NOT NULL,
	"kept_at" timestamp (3) with time zone NOT NULL,
	"publication_id" uuid,
	CONSTRAINT "handover_steps_handover_id_step_pk" PRIMARY KEY("handover_id","step")
);
--> statement-breakpoint
CREATE TABLE "handovers" (
	"id" uuid PRIMARY KEY NOT NULL,
	"event_id" uuid NOT NULL,
	"vendor_id" uuid NOT NULL,
	"purchase_id" text NOT NULL,
	"kind" text NOT NULL,
	"state" text NOT NULL,
	"tickets" integer NOT NULL,
	"ticket_hash" "bytea" NOT NULL,
	"sealed" "bytea" NOT NULL,
	"begun_at" timestamp (3) with time zone NOT NULL,
	"code_until" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone,
	"to_purchase_id" text
);
--> statement-breakpoint
CREATE TABLE "ticket_movements" (
	"gate_id" uuid NOT NULL,
	"sequence" bigint NOT NULL,
	"ticket_no" text NOT NULL,
	"change" integer NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "ticket_movements_gate_id_sequence_ticket_no_pk" PRIMARY KEY("gate_id","sequence","ticket_no")
);
--> statement-breakpoint
ALTER TABLE "handover_rules" ADD CONSTRAINT "handover_rules_event_id_events_id_fk" FOREIGN KEY ("event_id") REFERENCES "public"."events"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "handover_steps" ADD CONSTRAINT "handover_steps_handover_id_handovers_id_fk" FOREIGN KEY ("handover_id") REFERENCES "public"."handovers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "handovers" ADD CONSTRAINT "handovers_event_id_events_id_fk" FOREIGN KEY ("event_id") REFERENCES "public"."events"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ticket_movements" ADD CONSTRAINT "ticket_movements_gate_id_gates_id_fk" FOREIGN KEY ("gate_id") REFERENCES "public"."gates"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "handover_steps_event" ON "handover_steps" USING btree ("event_id","kept_at");--> statement-breakpoint
CREATE INDEX "handovers_purchase" ON "handovers" USING btree ("event_id","purchase_id");--> statement-breakpoint
CREATE UNIQUE INDEX "handovers_waiting" ON "handovers" USING btree ("event_id","ticket_hash") WHERE state = 'waiting';--> statement-breakpoint
CREATE INDEX "ticket_movements_ticket" ON "ticket_movements" USING btree ("ticket_no","at");