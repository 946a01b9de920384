# Trains, scores and reports: med2d, monai.bundle and torchrun, as an ordinary user in /work.
#   docker build -f docker/train.Dockerfile -t med2d-train .
# For GPUs: --build-arg TORCH_BACKEND=cu130
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
    print(c['options']['install_requires'], c['options.extras_require']['search'])" >needed.txt \
 && uv pip install --python /opt/venv --torch-backend "$TORCH_BACKEND" -r needed.txt -c constraints.txt
COPY . .
RUN pip install --no-deps . -c constraints.txt

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="med2d, training" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/venv /opt/venv
COPY --from=build /src/bundles /opt/med2d/bundles
RUN useradd --create-home --uid 10001 med2d && install -d -o med2d -g med2d /work
# The code of the image is used, also where the working folder holds a checkout. A user whom the
# image does not know, as --user gives, has neither a home nor a name of his own.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1 \
    MPLCONFIGDIR=/tmp/matplotlib \
    LOGNAME=med2d \
    MLFLOW_DISABLE_TELEMETRY=true
USER 10001:10001
WORKDIR /work
VOLUME /work
# A training that cannot write into its working folder keeps nothing of what it learns.
HEALTHCHECK --interval=60s --timeout=10s --start-period=10s --retries=2 CMD ["test", "-w", "/work"]
CMD ["med2d", "--help"]
