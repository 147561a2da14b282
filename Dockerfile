FROM python:3.13-slim AS build
RUN python -m venv /venv
COPY requirements.txt .
RUN /venv/bin/python -m pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
RUN useradd --system --uid 10001 --no-create-home app
WORKDIR /app
COPY --from=build /venv /venv
COPY . .
# The values are for this one command: settings refuse to load without them.
RUN SECRET_KEY=only-while-the-image-is-built-and-nowhere-in-it-afterwards ALLOWED_HOSTS=localhost \
    DATABASE_URL=postgresql://localhost/none DEBUG=0 \
    python manage.py collectstatic --noinput
USER 10001
EXPOSE 8000
# Asks as a host that ALLOWED_HOSTS allows: as 127.0.0.1 the answer would be 400.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(u.Request('http://127.0.0.1:8000/healthz', headers={'Host': os.environ['ALLOWED_HOSTS'].split(',')[0]}), timeout=2)"]
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "cqrs_example.wsgi"]
