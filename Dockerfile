# Two images: `ecluse`, the provider alone, and `demo`, which adds the demo's programs and invented people.
#
#     docker build --target ecluse -t ecluse .
#
# Neither has a shell, a secret, or anything that is not named below; both run as user 10001 on a read-only root.

# Pinned by its digest, that of the list for all platforms. Another one, such as that of a mirror: --build-arg RUST_IMAGE=...
ARG RUST_IMAGE=rust:1.95.0-slim-bookworm@sha256:d7482085ff5b415f84dba5647ae71606650bdef00db7aeb69f4b3d170c3e4082

FROM ${RUST_IMAGE} AS build
WORKDIR /build

# The libraries: a layer that stands until they change. The sources are empty meanwhile.
COPY Cargo.toml Cargo.lock ./
RUN mkdir -p src benches examples/demo examples/relying_party \
    && echo 'fn main() {}' | tee src/main.rs benches/figures.rs examples/demo/main.rs examples/relying_party/main.rs \
    && touch src/lib.rs \
    && cargo build --locked --release --bin ecluse --example demo --example relying_party \
    && rm -r src benches examples

COPY . .
# Cargo goes by the time of a file, and those of a checkout may be older than the empty ones.
RUN find src examples -name '*.rs' -exec touch {} + \
    && cargo build --locked --release --bin ecluse --example demo --example relying_party

# The names of functions are four fifths of a program. Beside the programs goes all that they need of a system: libraries,
# the loader, certificates, time zones and two names.
RUN strip target/release/ecluse target/release/examples/demo target/release/examples/relying_party \
    && mkdir -p /root-fs/etc/ssl/certs /root-fs/usr/share /root-fs/tmp \
    && for library in $(ldd target/release/ecluse target/release/examples/demo target/release/examples/relying_party \
        | grep -o '/[^ :]*\.so[^ :]*' | sort -u); do install -D "$library" "/root-fs$library"; done \
    && cp -r /usr/share/zoneinfo /root-fs/usr/share/ \
    && cp /etc/ssl/certs/ca-certificates.crt /root-fs/etc/ssl/certs/ \
    && echo 'ecluse:x:10001:10001::/:/nonexistent' > /root-fs/etc/passwd \
    && echo 'ecluse:x:10001:' > /root-fs/etc/group \
    && echo 'hosts: files dns' > /root-fs/etc/nsswitch.conf \
    && chmod 1777 /root-fs/tmp \
    && mkdir -p /state-fs/state /demo-fs/demo /demo-fs/share/postgres /demo-fs/share/redis /demo-fs/share/portal /demo-fs/share/gradebook

FROM scratch AS ecluse
COPY --from=build /root-fs /
# For what the program itself writes: a new volume begins as a copy of the folder it is mounted at, so that this decides
# whose it is.
COPY --from=build --chown=10001:10001 /state-fs /
COPY --from=build /build/target/release/ecluse /usr/local/bin/ecluse
USER 10001:10001
HEALTHCHECK --interval=5s --timeout=4s --start-period=20s CMD ["ecluse", "ready"]
ENTRYPOINT ["ecluse"]
CMD ["serve"]

FROM ecluse AS demo
COPY --from=build --chown=10001:10001 /demo-fs /
# Where the program was built, which is where it looks for the people.
COPY --from=build /build/config/demo /build/config/demo
COPY --from=build /build/target/release/examples/demo /build/target/release/examples/relying_party \
    /usr/local/bin/examples/
HEALTHCHECK NONE
ENTRYPOINT ["/usr/local/bin/examples/demo", "--folder", "/demo"]
CMD ["--help"]

# What `docker build .` makes when no target is named.
FROM ecluse
