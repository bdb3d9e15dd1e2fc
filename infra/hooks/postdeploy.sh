#!/bin/sh
# Have Event Grid tell the blob trigger of dropped files, once its code is there to answer.
set -eu
function=intake_blob_trigger
container=resumes

name=$(printf '%s' "$function" | tr _ -)
if az eventgrid system-topic event-subscription show --name "$name" --system-topic-name "$WAYMARK_DROPS_TOPIC" \
  --resource-group "$AZURE_RESOURCE_GROUP" --subscription "$AZURE_SUBSCRIPTION_ID" --output none 2>/dev/null; then
  exit 0
fi
id=$(az functionapp show --name "$WAYMARK_DROPS_APP" --resource-group "$AZURE_RESOURCE_GROUP" \
  --subscription "$AZURE_SUBSCRIPTION_ID" --query id --output tsv)
tries=0
until [ "$(az rest --method post --url "$id/host/default/listKeys?api-version=2024-04-01" \
  --query "length(systemKeys.blobs_extension || '') > \`0\`" --output tsv 2>/dev/null)" = true ]; do
  tries=$((tries + 1))
  if [ "$tries" -ge "${WAYMARK_KEY_TRIES:-40}" ]; then
    echo "waymark: $WAYMARK_DROPS_APP has no key for blob events; deploy it: azd deploy $name" >&2
    exit 1
  fi
  sleep "${WAYMARK_KEY_WAIT:-15}"
done
az deployment group create --name blob-subscription --resource-group "$AZURE_RESOURCE_GROUP" \
  --subscription "$AZURE_SUBSCRIPTION_ID" --output none \
  --template-file infra/blob_subscription.bicep \
  --parameters topicName="$WAYMARK_DROPS_TOPIC" accountName="$WAYMARK_FILES_ACCOUNT" \
  deadLetterContainer="$WAYMARK_UNDELIVERED_CONTAINER" appName="$WAYMARK_DROPS_APP" \
  functionName="$function" watchedContainer="$container"
echo "waymark: dropped files are heard of"
