"""Pages that take their time, for showing what fetching many at once is worth: GET /MS/TITLE answers after so many
milliseconds. Serves on a free port of 127.0.0.1 and prints it; ends with its parent's end of standard input.
"""

import asyncio
import sys


async def answer(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            _, ms, title = f"{head.split()[1].decode()}/".split("/")[:3]
            await asyncio.sleep(int(ms) / 1000 if ms.isdigit() else 0)
            body = f"<!doctype html><title>{title}</title>".encode()
            status = b"200 OK" if ms.isdigit() else b"404 Not Found"
            writer.write(b"HTTP/1.1 %s\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
