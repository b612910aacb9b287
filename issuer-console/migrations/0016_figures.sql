CREATE TABLE "duration_figures" (
	"gate_id" uuid NOT NULL,
	"slot" timestamp (3) with time zone NOT NULL,
	"bin" integer NOT NULL,
	"taps" integer NOT NULL,
	CONSTRAINT "duration_figures_slot_gate_id_bin_pk" PRIMARY KEY("slot","gate_id","bin")
);
--> statement-breakpoint
CREATE TABLE "people_figures" (
	"gate_id" uuid NOT NULL,
	"slot" timestamp (3) with time zone NOT NULL,
	"people" integer NOT NULL,
	CONSTRAINT "people_figures_slot_gate_id_pk" PRIMARY KEY("slot","gate_id")
);
--> statement-breakpoint
CREATE TABLE "purchase_figures" (
	"event_id" uuid NOT NULL,
	"hour" timestamp (3) with time zone NOT NULL,
	"paid" bigint NOT NULL,
	"pending" bigint NOT NULL,
	"cancelled" bigint NOT NULL,
	CONSTRAINT "purchase_figures_event_id_hour_pk" PRIMARY KEY("event_id","hour")
);
--> statement-breakpoint
CREATE TABLE "refusal_figures" (
	"gate_id" uuid NOT NULL,
	"slot" timestamp (3) with time zone NOT NULL,
	"reason" text NOT NULL,
	"taps" integer NOT NULL,
	CONSTRAINT "refusal_figures_slot_gate_id_reason_pk" PRIMARY KEY("slot","gate_id","reason")
);
--> statement-breakpoint
ALTER TABLE "duration_figures" ADD CONSTRAINT "duration_figures_gate_id_gates_id_fk" FOREIGN KEY ("gate_id") REFERENCES "public"."gates"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "people_figures" ADD CONSTRAINT "people_figures_gate_id_gates_id_fk" FOREIGN KEY ("gate_id") REFERENCES "public"."gates"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "purchase_figures" ADD CONSTRAINT "purchase_figures_event_id_events_id_fk" FOREIGN KEY ("event_id") REFERENCES "public"."events"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "refusal_figures" ADD CONSTRAINT "refusal_figures_gate_id_gates_id_fk" FOREIGN KEY ("gate_id") REFERENCES "public"."gates"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
INSERT INTO "purchase_figures" SELECT "event_id", date_bin('1 hour', "changed_at", 'epoch'),
	count(*) FILTER (WHERE "state" = 'paid'),
	count(*) FILTER (WHERE "state" = 'pending'),
	count(*) FILTER (WHERE "state" = 'cancelled')
FROM "purchases" GROUP BY 1, 2;
--> statement-breakpoint
INSERT INTO "people_figures" SELECT "gate_id", date_bin('5 minutes', "at", 'epoch'), sum("people")
FROM "journal_entries" WHERE "people" <> 0 GROUP BY 1, 2;
--> statement-breakpoint
INSERT INTO "refusal_figures" SELECT "gate_id", date_bin('5 minutes', "at", 'epoch'), coalesce("reason", 'unknown'), count(*)
FROM "journal_entries" WHERE "outcome" = 'refused' GROUP BY 1, 2, 3;
--> statement-breakpoint
INSERT INTO "duration_figures" SELECT "gate_id", date_bin('5 minutes', "at", 'epoch'),
	least(greatest(floor(8 * ln(greatest("total_us", 1) / 1000.0) / ln(2)), 0), 160), count(*)
FROM "journal_entries" WHERE "outcome" IS NOT NULL GROUP BY 1, 2, 3;
--> statement-breakpoint
CREATE FUNCTION "chart_purchases"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		INSERT INTO "purchase_figures" AS "held" SELECT "event_id", date_bin('1 hour', "changed_at", 'epoch'),
			count(*) FILTER (WHERE "state" = 'paid'),
			count(*) FILTER (WHERE "state" = 'pending'),
			count(*) FILTER (WHERE "state" = 'cancelled')
		FROM "after" GROUP BY 1, 2
		ON CONFLICT ("event_id", "hour") DO UPDATE SET "paid" = "held"."paid" + excluded."paid",
			"pending" = "held"."pending" + excluded."pending", "cancelled" = "held"."cancelled" + excluded."cancelled";
		RETURN NULL;
	END IF;
	INSERT INTO "purchase_figures" AS "held" SELECT "n"."event_id", date_bin('1 hour', "n"."changed_at", 'epoch'),
		count(*) FILTER (WHERE "n"."state" = 'paid') - count(*) FILTER (WHERE "o"."state" = 'paid'),
		count(*) FILTER (WHERE "n"."state" = 'pending') - count(*) FILTER (WHERE "o"."state" = 'pending'),
		count(*) FILTER (WHERE "n"."state" = 'cancelled') - count(*) FILTER (WHERE "o"."state" = 'cancelled')
	FROM "after" "n" JOIN "before" "o" ON "o"."event_id" = "n"."event_id" AND "o"."purchase_id" = "n"."purchase_id"
	WHERE "o"."state" <> "n"."state" GROUP BY 1, 2
	ON CONFLICT ("event_id", "hour") DO UPDATE SET "paid" = "held"."paid" + excluded."paid",
		"pending" = "held"."pending" + excluded."pending", "cancelled" = "held"."cancelled" + excluded."cancelled";
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "purchases_charted_new" AFTER INSERT ON "purchases"
REFERENCING NEW TABLE AS "after" FOR EACH STATEMENT EXECUTE FUNCTION "chart_purchases"();
--> statement-breakpoint
CREATE TRIGGER "purchases_charted_now" AFTER UPDATE ON "purchases"
REFERENCING OLD TABLE AS "before" NEW TABLE AS "after" FOR EACH STATEMENT EXECUTE FUNCTION "chart_purchases"();
