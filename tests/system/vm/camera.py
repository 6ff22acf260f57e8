#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""camera.py END PICTURE: gives out camera.html, prints what its page says, keeps its picture (RGBA), and makes END at the end."""
import http.server
import sys

END, PICTURE = sys.argv[1:3]


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/camera.html" else 404)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        if self.path == "/camera.html":
            with open("camera.html", "rb") as page:
                self.wfile.write(page.read())

    def do_POST(self):
        said = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/say":
            print(said.decode(), flush=True)
        elif self.path == "/picture":
            with open(PICTURE, "wb") as picture:
                picture.write(said)
        else:
            open(END, "w").close()
        self.send_response(204)
        self.end_headers()

    def log_message(self, *words):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", 8123), Page).serve_forever()
