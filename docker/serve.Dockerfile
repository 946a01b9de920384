# Answers images by the page of `med2d demo`, on port 7860, for a bundle that is mounted at /bundle.
#   docker build -f docker/serve.Dockerfile -t med2d-serve .
FROM python:3.11-slim-bookworm AS build
# PyTorch's build, as uv names them: cpu, cu130, ...; it knows where they are kept.
ARG TORCH_BACKEND=cpu
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1
RUN python -m venv /opt/venv && pip install uv==0.13.9
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /src
# First what med2d needs, which changes seldom; the versions are those that were tested together.
COPY setup.cfg constraints.txt ./
RUN python -c "import configparser; c = configparser.ConfigParser(); c.read('setup.cfg'); \
    print(c['options']['install_requires'], c['options.extras_require']['demo'])" >needed.txt \
 && uv pip install --python /opt/venv --torch-backend "$TORCH_BACKEND" -r needed.txt -c constraints.txt
COPY . .
RUN pip install --no-deps . -c constraints.txt

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="med2d, answers" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/venv /opt/venv
RUN useradd --create-home --uid 10001 med2d
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MPLCONFIGDIR=/tmp/matplotlib
USER 10001:10001
WORKDIR /tmp
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.build_opener(u.ProxyHandler({})).open('http://127.0.0.1:7860/', timeout=8)"]
CMD ["med2d", "demo", "/bundle", "--host", "0.0.0.0", "--port", "7860"]
