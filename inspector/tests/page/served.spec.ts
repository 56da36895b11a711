// The page as `taipan inspect FILE` serves it: the program comes from /source, and again whenever /events says so.
import { expect, test } from "@playwright/test";
import { readFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

test("the file's program is shown, and its changes followed", async ({ page }) => {
  let source = "first = 1\n";
  const listeners: ServerResponse[] = [];
  const single = readFileSync(new URL("../../dist/single.html", import.meta.url));
  const server: Server = createServer((request, response) => {
    if (request.url === "/source") response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify({ name: "served.py", source }));
    else if (request.url === "/events") listeners.push(response.writeHead(200, { "Content-Type": "text/event-stream" }));
    else if (request.url === "/") response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(single);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await expect(page.locator(".cm-content")).toContainText("first = 1");
    await expect(page.getByRole("button", { name: "served.py" })).toBeVisible();
    await expect.poll(() => listeners.length).toBe(1);
    source = "second = 2\n";
    for (const listener of listeners) listener.write("event: changed\ndata: \n\n");
    await expect(page.locator(".cm-content")).toContainText("second = 2");
    await expect(page.getByRole("grid", { name: "Bytecode" })).toContainText("second");
  } finally {
    for (const listener of listeners) listener.end();
    server.closeAllConnections();
    server.close();
  }
});
