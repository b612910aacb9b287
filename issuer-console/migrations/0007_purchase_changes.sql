ALTER TABLE "purchases" ADD COLUMN "imported_hash" "bytea";--> statement-breakpoint
UPDATE "purchases" SET "imported_hash" = "hash";
