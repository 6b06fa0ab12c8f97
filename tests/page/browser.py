"""browser.py - a headless Chromium, driven by the DevTools protocol over a pipe, and the pixels that it shows.

    with Browser(folder) as browser:
        browser.open(path)
        browser.run("document.title")
        pixels = browser.screenshot(x, y, width, height)    # of the page, in CSS pixels
        pixels.at(3, 4)                                     # (red, green, blue)

What the page said on its console, what it threw and what it asked the network for is in browser.complaints.
"""

import base64
import json
import os
import pathlib
import select
import shutil
import signal
import struct
import subprocess
import time
import zlib

NAMES = ("chromium", "chromium-browser", "google-chrome")
ANSWER_S = 60
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
             "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--force-color-profile=srgb", "--font-render-hinting=none", "--mute-audio", "--remote-debugging-pipe"]


def find():
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Browser:
    def __init__(self, folder, width=1000, height=900):
        self.folder, self.size = pathlib.Path(folder), (width, height)
        self.complaints, self.buffer, self.number = [], b"", 0

    def __enter__(self):
        theirs_in, self.out = os.pipe()
        self.back, theirs_out = os.pipe()

        def plumb():
            # The browser reads commands from 3 and answers on 4; either may be where the other came from.
            a, b = os.dup(theirs_in), os.dup(theirs_out)
            os.dup2(a, 3)
            os.dup2(b, 4)

        self.log = open(self.folder / "chromium.log", "wb")
        self.process = subprocess.Popen(
            [find(), *ARGUMENTS, f"--user-data-dir={self.folder / 'profile'}", f"--window-size={self.size[0]},{self.size[1]}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, preexec_fn=plumb, close_fds=False, start_new_session=True,
            env=dict(os.environ, HOME=str(self.folder), XDG_CONFIG_HOME=str(self.folder), XDG_CACHE_HOME=str(self.folder)))
        os.close(theirs_in)
        os.close(theirs_out)
        self.session = None
        target = next(one for one in self.call("Target.getTargets")["targetInfos"] if one["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        return self

    def __exit__(self, *_):
        try:
            self.session = None
            self.call("Browser.close")
            self.process.wait(20)
        except Exception:  # whatever is wrong with it, it ends
            pass
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
            os.close(self.out)
            os.close(self.back)
            self.log.close()

    # --- the protocol: JSON with a zero byte behind it ---

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data):]
        return self.wait(lambda answer: answer.get("id") == self.number)["result"]

    def wait(self, wanted, seconds=ANSWER_S):
        """Read on until a message is the wanted one; what else comes is noted."""
        end = time.monotonic() + seconds
        while True:
            while b"\0" not in self.buffer:
                left = end - time.monotonic()
                assert left > 0 and select.select([self.back], [], [], left)[0], "the browser does not answer"
                block = os.read(self.back, 1 << 20)
                assert block, f"the browser died: {(self.folder / 'chromium.log').read_text(errors='replace')[-2000:]}"
                self.buffer += block
            text, self.buffer = self.buffer.split(b"\0", 1)
            message = json.loads(text)
            if "error" in message:
                raise AssertionError(f"{message['error']}")
            self.note(message)
            if wanted(message):
                return message

    def note(self, message):
        method, params = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Runtime.consoleAPICalled":
            self.complaints.append(f"console.{params['type']}: {[arg.get('value') for arg in params['args']]}")
        elif method == "Log.entryAdded":
            self.complaints.append(params["entry"]["text"])
        elif method == "Network.requestWillBeSent" and not params["request"]["url"].startswith(("file:", "about:", "data:")):
            self.complaints.append(f"network: {params['request']['url']}")

    # --- what tests do ---

    def open(self, path):
        self.call("Page.navigate", url=pathlib.Path(path).resolve().as_uri())
        self.wait(lambda message: message.get("method") == "Page.loadEventFired")

    def run(self, script):
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, f"{script}: {answer['exceptionDetails']}"
        return answer["result"].get("value")

    def settle(self):
        """Until two frames were drawn."""
        self.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))).then(() => 1)")

    def emulate(self, media="", **features):
        self.call("Emulation.setEmulatedMedia", media=media,
                  features=[{"name": name.replace("_", "-"), "value": value} for name, value in features.items()])
        self.settle()

    def widen(self, width=None):
        """As wide a window as this; without one, the browser's own."""
        if width:
            self.call("Emulation.setDeviceMetricsOverride", width=width, height=self.size[1], deviceScaleFactor=1, mobile=False)
        else:
            self.call("Emulation.clearDeviceMetricsOverride")
        self.settle()
        self.settle()

    def place(self, selector):
        """x, y, width, height of an element in the page."""
        found = self.run(f"(() => {{ const e = document.querySelector({json.dumps(selector)}); if (!e) return null;"
                         " const b = e.getBoundingClientRect(); return [b.x + scrollX, b.y + scrollY, b.width, b.height]; })()")
        assert found, f"no {selector}"
        return found

    def screenshot(self, x, y, width, height):
        clip = {"x": int(x), "y": int(y), "width": int(width), "height": int(height), "scale": 1}
        data = self.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)["data"]
        return Pixels(base64.b64decode(data))

    def point(self, x, y, *kinds):
        """Mouse events at a place of the page, scrolled into view."""
        self.run(f"scrollTo(0, {y} - innerHeight / 2)")
        top = self.run("scrollY")
        for kind in kinds:
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y - top, button="left" if kind != "mouseMoved" else "none",
                      buttons=0 if kind == "mouseReleased" else 1, clickCount=1)

    def click(self, selector):
        x, y, width, height = self.place(selector)
        self.point(x + width / 2, y + height / 2, "mouseMoved", "mousePressed", "mouseReleased")
        self.settle()

    def drag(self, x0, x1, y):
        self.point(x0, y, "mouseMoved", "mousePressed")
        for step in range(1, 5):
            self.point(x0 + (x1 - x0) * step / 4, y, "mouseMoved")
        self.point(x1, y, "mouseReleased")
        self.settle()

    def key(self, name, code=None):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name, **({"windowsVirtualKeyCode": code} if code else {}),
                      **({"text": "\r"} if name == "Enter" and kind == "keyDown" else {}))
        self.settle()

    def pdf(self):
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])


class Pixels:
    """A PNG of 8-bit RGB or RGBA, as Chromium makes them."""

    def __init__(self, png):
        assert png[:8] == b"\x89PNG\r\n\x1a\n"
        at, packed = 8, b""
        while at < len(png):
            size, kind = struct.unpack(">I4s", png[at:at + 8])
            body = png[at + 8:at + 8 + size]
            if kind == b"IHDR":
                self.width, self.height, depth, colours = struct.unpack(">IIBB", body[:10])
                assert depth == 8 and colours in (2, 6)
                self.step = 3 if colours == 2 else 4
            elif kind == b"IDAT":
                packed += body
            at += 12 + size
        self.rows = self.unfilter(zlib.decompress(packed))

    def unfilter(self, data):
        stride, step = self.width * self.step, self.step
        rows, before = [], bytearray(stride)
        for y in range(self.height):
            start = y * (stride + 1)
            kind, row = data[start], bytearray(data[start + 1:start + 1 + stride])
            if kind == 1:
                for i in range(step, stride):
                    row[i] = row[i] + row[i - step] & 255
            elif kind == 2:
                row = bytearray(a + b & 255 for a, b in zip(row, before))
            elif kind == 3:
                for i in range(stride):
                    row[i] = row[i] + ((row[i - step] if i >= step else 0) + before[i] >> 1) & 255
            elif kind == 4:
                for i in range(stride):
                    a, b, c = (row[i - step], before[i], before[i - step]) if i >= step else (0, before[i], 0)
                    pa, pb, pc = abs(b - c), abs(a - c), abs(a + b - 2 * c)
                    row[i] = row[i] + (a if pa <= pb and pa <= pc else b if pb <= pc else c) & 255
            rows.append(row)
            before = row
        return rows

    def at(self, x, y):
        x, y = int(x), int(y)
        return tuple(self.rows[y][x * self.step:x * self.step + 3])

    def near(self, x, y, colour, reach=1):
        """Is this colour within `reach` pixels of the place? Plots lie at fractions of a pixel, which the browser rounds."""
        x, y = round(x), round(y)
        return any(close(self.at(i, j), colour) for i in range(max(0, x - reach), min(self.width, x + reach + 1))
                   for j in range(max(0, y - reach), min(self.height, y + reach + 1)))

    def columns(self, colour, share):
        """Columns in which at least this share of the pixels has the colour, of every third pixel."""
        rows = range(0, self.height, 3)
        return [x for x in range(self.width) if sum(close(self.at(x, y), colour) for y in rows) >= share * len(rows)]


def close(a, b, by=24):
    return all(abs(x - y) <= by for x, y in zip(a, b))


def rgb(text):
    """"#1f5fa8" as a triple."""
    return tuple(int(text[i:i + 2], 16) for i in (1, 3, 5))
