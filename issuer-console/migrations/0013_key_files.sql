CREATE TABLE "ceremony_logs" (
	"id" "bytea" PRIMARY KEY NOT NULL,
	"lines" bigint NOT NULL,
	"raw" "bytea" NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "key_chains" (
	"id" "bytea" PRIMARY KEY NOT NULL,
	"layout" text NOT NULL,
	"key_hash" "bytea" NOT NULL,
	"holder" text NOT NULL,
	"issuer" text NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"raw" "bytea" NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "key_requests" (
	"id" "bytea" PRIMARY KEY NOT NULL,
	"layout" text NOT NULL,
	"key_hash" "bytea" NOT NULL,
	"holder" text,
	"raw" "bytea" NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "gates" ADD COLUMN "compared_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "invitations" ADD COLUMN "refused_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "invitations" ADD COLUMN "refused_for" text;