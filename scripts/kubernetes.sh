#!/bin/sh
# Renders deploy/kubernetes with kustomize, holds the result against the published schemas of Kubernetes, oldest and newest that are
# meant, and against what no schema knows: kubernetes_rules.py. Needs python3 3.11 with venv, kustomize, kubectl or Go, and the network
# for the schemas (PyPI) and, where only Go is there, for kustomize.
set -eu
cd "$(dirname "$0")/.."

render() {
    if command -v kustomize >/dev/null; then
        kustomize build "$1"
    elif command -v kubectl >/dev/null; then
        kubectl kustomize "$1"
    else
        go run sigs.k8s.io/kustomize/kustomize/v5@v5.8.1 build "$1"
    fi
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check kubernetes-validate==1.37.0

cp -r deploy/kubernetes "$work/kubernetes"
cp -r deploy/kubernetes/example "$work/kubernetes/first"
echo 'components: [../first-start]' >>"$work/kubernetes/first/kustomization.yaml"

for what in base example first; do
    echo "== $what"
    render "$work/kubernetes/$what" >"$work/$what.yaml"
    for version in 1.33 1.37; do
        "$work/venv/bin/kubernetes-validate" --strict --quiet --kubernetes-version "$version" "$work/$what.yaml"
    done
    "$work/venv/bin/python" scripts/kubernetes_rules.py "$work/$what.yaml" config/default.toml
done
