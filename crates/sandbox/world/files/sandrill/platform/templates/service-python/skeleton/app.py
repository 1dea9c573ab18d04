from fastapi import FastAPI

app = FastAPI(title="${{ values.name }}")
