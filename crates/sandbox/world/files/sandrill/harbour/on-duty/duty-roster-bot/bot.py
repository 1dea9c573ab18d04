"""Posts the day's roster. The rota comes from rota-engine, the words from the template."""

import asyncio
import os

import aiohttp


async def main() -> None:
    async with aiohttp.ClientSession() as session:
        query = {"query": "{ watch(day: TODAY, place: HARBOUR) { person from to } }"}
        async with session.post(os.environ["ROTA_URL"], json=query) as answer:
            roster = (await answer.json())["data"]["watch"]
    lines = [f"{entry['from']} to {entry['to']}: {entry['person']}" for entry in roster]
    print("\n".join(lines))


if __name__ == "__main__":
    asyncio.run(main())
