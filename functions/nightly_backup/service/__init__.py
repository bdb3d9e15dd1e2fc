"""What backups and restores do with the stores."""
