// What opens on a grid of a map.
import assert from "node:assert/strict";
import { test } from "node:test";
import { carried, openPage } from "./browser.mjs";

const links = [["Page of the grid", "/area/{code}?lang=en"]];
openPage(carried({ words: { call: "Call" }, links }));
const { callable, onward } = await import("../../geogrid/maps/scripts/details.mjs");

test("telephone numbers of a duty call, and other figures do not", () => {
  const parts = callable("gridder Li 138 1234-5678; team 3 of 12");
  assert.deepEqual(parts.map((part) => (typeof part === "string" ? part : part.getAttribute("href"))), ["gridder Li ", "tel:13812345678", "; team 3 of 12"]);
});

test("a grid leads on to its page, whatever its code has in it", () => {
  const [calls, line] = onward({ title: "", rows: [], code: "A/1", calls: [["Grid", "gridder Li"], ["Town", "chief Wang"]] });
  assert.equal(line.querySelector("a").getAttribute("href"), "/area/A%2F1?lang=en");
  assert.deepEqual([...calls.querySelectorAll("li")].map((each) => each.textContent), ["Gridgridder Li", "Townchief Wang"]);
  assert.equal(onward({ title: "", rows: [] }).length, 0);
});
