"""What must hold of rendered manifests and no schema knows. kubernetes_rules.py MANIFESTS DEFAULTS"""

import re
import sys
import tomllib

import yaml

with open(sys.argv[1], encoding="utf-8") as file:
    manifests = [manifest for manifest in yaml.safe_load_all(file) if manifest]
with open(sys.argv[2], "rb") as file:
    defaults = tomllib.load(file)


def of_kind(kind):
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def only(kind):
    (manifest,) = of_kind(kind)
    return manifest


def must(holds, what):
    if not holds:
        sys.exit(f"{sys.argv[1]}: {what}")


def setting(section, key):
    return settings.get(section, {}).get(key, defaults[section][key])


def seconds(length):
    number, unit = re.fullmatch(r"(\d+)([smhd])", length).groups()
    return int(number) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit]


deployment, job, config = only("Deployment"), only("Job"), only("ConfigMap")
settings = tomllib.loads(config["data"]["ecluse.toml"])
provider, migration = (workload["spec"]["template"] for workload in (deployment, job))

must(not of_kind("Secret"), "a secret is in it")

# Whom selectors mean.
selectors = {
    "Deployment": deployment["spec"]["selector"]["matchLabels"],
    "Service": only("Service")["spec"]["selector"],
    "PodDisruptionBudget": only("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
}
for kind, selector in selectors.items():
    must(selector.items() <= provider["metadata"]["labels"].items(), f"{kind} does not select the provider")
    must(not selector.items() <= migration["metadata"]["labels"].items(), f"{kind} selects the migration")
network = only("NetworkPolicy")["spec"]["podSelector"]["matchLabels"]
for template in (provider, migration):
    must(network.items() <= template["metadata"]["labels"].items(), "NetworkPolicy passes somebody over")
target = only("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
must((target["kind"], target["name"]) == ("Deployment", deployment["metadata"]["name"]), "what is scaled is not there")
must("replicas" not in deployment["spec"], "the number of replicas is written in two places")

# What each program may.
for template in (provider, migration):
    pod = template["spec"]
    must(pod["automountServiceAccountToken"] is False, "a token of the cluster is in a pod")
    must(pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["seccompProfile"], "a pod may too much")
    for container in pod["containers"] + pod.get("initContainers", []):
        may = container["securityContext"]
        must(may["readOnlyRootFilesystem"] and may["allowPrivilegeEscalation"] is False, "a container may too much")
        must(may["capabilities"] == {"drop": ["ALL"]}, "a container keeps capabilities")
        must("memory" in container["resources"]["limits"], "a container may take all memory")
        must(":latest" not in container["image"], "an image is whatever is newest")

# Every file that the settings name is mounted, for whoever needs it.
def mounted(template):
    pod = template["spec"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    for mount in pod["containers"][0]["volumeMounts"]:
        volume = volumes[mount["name"]]
        source = volume.get("configMap", {})
        must(
            not source or source.get("optional") or source["name"] == config["metadata"]["name"],
            f"{source.get('name')} is not there",
        )
        items = volume.get("secret", {}).get("items")
        paths = [item["path"] for item in items] if items else [""]
        yield from (f"{mount['mountPath']}/{path}" for path in paths)


def files(value):
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from files(inner)
        elif key.endswith("_file"):
            yield inner


def is_mounted(path, template):
    return any(path == place or place.endswith("/") and path.startswith(place) for place in mounted(template))


for path in files(settings):
    must(is_mounted(path, provider), f"{path} is mounted nowhere")
# Only `serve` writes down how far the database has come.
settings["keys"].pop("instance_file")
needed = {"migrate": settings["store"], "init": settings}[migration["spec"]["containers"][0]["args"][0]]
for path in files(needed):
    must(is_mounted(path, migration), f"{path} is not mounted for the migration")

# Stopping, asking, and what is opened together.
patience = provider["spec"]["terminationGracePeriodSeconds"]
stop = seconds(setting("server", "shutdown_delay")) + seconds(setting("server", "shutdown_grace"))
must(patience > stop, f"a pod is killed after {patience} s, and needs {stop}")
(container,) = provider["spec"]["containers"]
ports = {port["name"]: port["containerPort"] for port in container["ports"]}
environment = {variable["name"]: variable.get("value") for variable in container["env"]}
must(settings["server"]["listen"].endswith(f":{ports['http']}"), "the public listener is at another port")
must(environment["ECLUSE__ADMIN__LISTEN"] == f"$(POD_IP):{ports['admin']}", "the admin listener is at another port")
for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
    must(container[probe]["httpGet"]["port"] == "admin", f"{probe} asks at another port")
most = only("HorizontalPodAutoscaler")["spec"]["maxReplicas"] * (setting("store", "connections") + 4)
must(most < 200, f"{most} connections to the database")
must(settings["password"]["hash"]["workers"] == int(container["resources"]["requests"]["cpu"]), "workers are not cores")
print(f"{len(manifests)} manifests, every rule holds")
