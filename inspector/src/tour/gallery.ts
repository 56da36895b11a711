// The gallery: small programs that each teach one thing, from the files in `gallery/`.

export interface GalleryProgram {
  /** The file name without its number: `closures.py`. */
  name: string;
  /** What it teaches: its first comment. */
  teaches: string;
  source: string;
}

const files = import.meta.glob<string>("../../gallery/*.py", { query: "?raw", import: "default", eager: true });

export const gallery: GalleryProgram[] = Object.entries(files)
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([path, source]) => ({ name: path.replace(/^.*\/\d+-/, ""), teaches: /^# (.*)/.exec(source)?.[1] ?? "", source }));
