# Two stages: node fetches the official WeCom JS-SDK, python runs the product. The result needs no
# node, runs as a user without rights, and writes only to /tmp and to the volumes that it is given.
FROM node:22-slim AS sdk
WORKDIR /sdk
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM python:3.13-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1
RUN useradd --system --uid 10001 --home-dir /app guide
WORKDIR /app
COPY requirements.txt requirements-prod.txt ./
RUN pip install --require-hashes -r requirements.txt \
 && pip install --require-hashes -r requirements-prod.txt
COPY manage.py ./
COPY deploy/healthcheck.py deploy/
COPY guideapp guideapp
COPY locale locale
COPY static static
COPY templates templates
COPY --from=sdk /sdk/node_modules/@wecom/jssdk node_modules/@wecom/jssdk
# Static files are made here, so that the root file system may be read-only. The demo's own secrets
# serve this one step; they are removed in the same layer.
RUN DEMO=1 python manage.py fetch_sdk \
 && DEMO=1 python manage.py collectstatic --no-input --verbosity 0 \
 && rm -rf var/demo \
 && mkdir -p /srv/guide/media && chown guide /srv/guide/media
USER guide
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=4s --start-period=30s CMD ["python", "deploy/healthcheck.py"]
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--threads", "4"]
