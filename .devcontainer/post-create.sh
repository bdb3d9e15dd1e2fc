#!/usr/bin/env bash
# What a fresh dev container lacks: programs that the tests meet, Core Tools, the house's packages.
set -euo pipefail
cd "$(dirname "$0")/.."

sudo apt-get update -qq
sudo apt-get install -y -qq --no-install-recommends clamav-daemon \
  tesseract-ocr tesseract-ocr-osd \
  tesseract-ocr-fra tesseract-ocr-spa tesseract-ocr-deu tesseract-ocr-por

npm install --global --silent azure-functions-core-tools@4

make .venv/.test
echo "Ready: make run, make check, make test"
