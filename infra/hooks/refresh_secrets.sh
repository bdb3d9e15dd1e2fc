#!/bin/sh
# Have every app read its secrets from the vaults anew: infra/hooks/refresh_secrets.sh
# A restart alone is not enough: the platform keeps for a day what it read, or that it found nothing.
set -eu
if [ -z "${AZURE_RESOURCE_GROUP:-}" ]; then eval "$(azd env get-values)"; fi
left=
for id in $(az functionapp list --resource-group "$AZURE_RESOURCE_GROUP" \
  --subscription "$AZURE_SUBSCRIPTION_ID" --query '[].id' --output tsv); do
  az rest --method post --url "$id/config/configreferences/appsettings/refresh?api-version=2022-03-01" --output none &&
    az rest --method post --url "$id/restart?api-version=2024-04-01" --output none || left="$left ${id##*/}"
done
if [ -n "$left" ]; then
  echo "waymark: these apps may still have the secrets of before:$left" >&2
  exit 1
fi
