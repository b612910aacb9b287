CREATE TABLE "publication_rules" (
	"event_id" uuid PRIMARY KEY NOT NULL,
	"second_approval" text[] NOT NULL
);
--> statement-breakpoint
ALTER TABLE "publication_rules" ADD CONSTRAINT "publication_rules_event_id_events_id_fk" FOREIGN KEY ("event_id") REFERENCES "public"."events"("id") ON DELETE no action ON UPDATE no action;