// Drawings leave the page: SVG with its looks written out, and PNG made of that.
import { download } from "../util/files.ts";

const PROPERTIES = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "opacity", "font-family", "font-size", "font-weight", "font-style", "text-anchor", "dominant-baseline", "paint-order"];

/** The drawing by itself: all of it, at its own size, with computed styles in place of the page's sheets. */
export function standaloneSvg(content: SVGGElement, box: { x: number; y: number; width: number; height: number }): string {
  const copy = content.cloneNode(true) as SVGGElement;
  const from = [content as Element, ...content.querySelectorAll("*")];
  const to = [copy as Element, ...copy.querySelectorAll("*")];
  from.forEach((element, index) => {
    const target = to[index];
    if (!target) return;
    const computed = getComputedStyle(element);
    for (const property of PROPERTIES) {
      const value = computed.getPropertyValue(property);
      if (value) target.setAttribute(property, value);
    }
    for (const name of ["class", "style", "tabindex", "role", "data-index"]) target.removeAttribute(name);
    for (const { name } of [...target.attributes]) if (name.startsWith("aria-")) target.removeAttribute(name);
  });
  copy.removeAttribute("transform");
  const ground = getComputedStyle(document.documentElement).getPropertyValue("--surface").trim() || "#ffffff";
  const margin = 16;
  const [x, y, width, height] = [box.x - margin, box.y - margin, box.width + 2 * margin, box.height + 2 * margin];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${x} ${y} ${width} ${height}" width="${width}" height="${height}"><rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${ground}"/>${new XMLSerializer().serializeToString(copy)}</svg>`;
}

export function saveSvg(name: string, svg: string): void {
  download(`${name}.svg`, svg, "image/svg+xml");
}

/** Paints an SVG at twice its size, within what browsers paint. */
export async function savePng(name: string, svg: string, width: number, height: number): Promise<void> {
  const scale = Math.max(0.1, Math.min(2, 8000 / Math.max(width, height)));
  const image = new Image();
  const url = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await new Promise<void>((resolve, reject) => {
    image.onload = () => resolve();
    image.onerror = () => reject(new Error("the drawing could not be painted"));
    image.src = url;
  });
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil((width + 32) * scale);
  canvas.height = Math.ceil((height + 32) * scale);
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (!blob) throw new Error("the drawing is too large for a picture");
  download(`${name}.png`, blob, "image/png");
}
