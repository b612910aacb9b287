ALTER TABLE "purchases" ALTER COLUMN "purchase_id" SET DATA TYPE text collate "C";--> statement-breakpoint
ALTER TABLE "events" ADD COLUMN "paid" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "events" ADD COLUMN "pending" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "events" ADD COLUMN "cancelled" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "events" ADD COLUMN "waiting" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "purchases_changes" ON "purchases" USING btree ("event_id","change_no","purchase_id");--> statement-breakpoint
CREATE INDEX "purchases_state_changes" ON "purchases" USING btree ("event_id","state","change_no","purchase_id");--> statement-breakpoint
UPDATE "events" SET "paid" = "now"."paid", "pending" = "now"."pending", "cancelled" = "now"."cancelled", "waiting" = "now"."waiting"
FROM (
	SELECT "p"."event_id",
		count(*) FILTER (WHERE "p"."state" = 'paid') AS "paid",
		count(*) FILTER (WHERE "p"."state" = 'pending') AS "pending",
		count(*) FILTER (WHERE "p"."state" = 'cancelled') AS "cancelled",
		count(*) FILTER (WHERE "p"."change_no" > "e"."exported_no") AS "waiting"
	FROM "purchases" "p" JOIN "events" "e" ON "e"."id" = "p"."event_id" GROUP BY "p"."event_id"
) "now" WHERE "now"."event_id" = "events"."id";
--> statement-breakpoint
-- The argument is 1 for rows that are there now, -1 for rows as they were.
CREATE FUNCTION "count_purchases"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	"sign" integer := TG_ARGV[0];
BEGIN
	-- Whoever writes purchases has this lock already; whoever does not is put in order here.
	PERFORM 1 FROM "events" WHERE "id" IN (SELECT "event_id" FROM "counted") FOR NO KEY UPDATE;
	UPDATE "events" SET
		"paid" = "events"."paid" + "sign" * "some"."paid",
		"pending" = "events"."pending" + "sign" * "some"."pending",
		"cancelled" = "events"."cancelled" + "sign" * "some"."cancelled",
		"waiting" = "events"."waiting" + "sign" * "some"."waiting"
	FROM (
		SELECT "c"."event_id",
			count(*) FILTER (WHERE "c"."state" = 'paid') AS "paid",
			count(*) FILTER (WHERE "c"."state" = 'pending') AS "pending",
			count(*) FILTER (WHERE "c"."state" = 'cancelled') AS "cancelled",
			count(*) FILTER (WHERE "c"."change_no" > "e"."exported_no") AS "waiting"
		FROM "counted" "c" JOIN "events" "e" ON "e"."id" = "c"."event_id" GROUP BY "c"."event_id"
	) "some" WHERE "some"."event_id" = "events"."id";
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "purchases_new" AFTER INSERT ON "purchases"
REFERENCING NEW TABLE AS "counted" FOR EACH STATEMENT EXECUTE FUNCTION "count_purchases"('1');
--> statement-breakpoint
CREATE TRIGGER "purchases_before" AFTER UPDATE ON "purchases"
REFERENCING OLD TABLE AS "counted" FOR EACH STATEMENT EXECUTE FUNCTION "count_purchases"('-1');
--> statement-breakpoint
CREATE TRIGGER "purchases_now" AFTER UPDATE ON "purchases"
REFERENCING NEW TABLE AS "counted" FOR EACH STATEMENT EXECUTE FUNCTION "count_purchases"('1');
--> statement-breakpoint
CREATE TRIGGER "purchases_gone" AFTER DELETE ON "purchases"
REFERENCING OLD TABLE AS "counted" FOR EACH STATEMENT EXECUTE FUNCTION "count_purchases"('-1');
