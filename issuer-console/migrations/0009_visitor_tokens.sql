CREATE TABLE "visitor_tokens" (
	"hash" "bytea" PRIMARY KEY NOT NULL,
	"purpose" text NOT NULL,
	"event_id" uuid NOT NULL,
	"vendor_id" uuid NOT NULL,
	"subject" text NOT NULL,
	"issued_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"uses_left" integer NOT NULL,
	"withdrawn_at" timestamp (3) with time zone,
	"request" "bytea",
	"request_expires_at" timestamp (3) with time zone,
	"answer" text,
	"answered_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE INDEX "visitor_tokens_subject" ON "visitor_tokens" USING btree ("event_id","subject");--> statement-breakpoint
CREATE INDEX "visitor_tokens_expiry" ON "visitor_tokens" USING btree ("expires_at");