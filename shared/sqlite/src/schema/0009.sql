-- The versions that were in force before, with the moments of the changes, as JSON.
ALTER TABLE zones_in_force ADD COLUMN before TEXT NOT NULL DEFAULT '[]';
