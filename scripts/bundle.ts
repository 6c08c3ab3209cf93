// npm run bundle: bundles the command line and all packages that it needs into one file, bin/google-operations.js.
// Writes the licenses of these packages to bin/LICENSES.txt. `npm run build` includes this.
import { build, type Metafile } from "esbuild"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license?: string
}

const manifest = (folder: string): Manifest => JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"))

/** Bundles the command line. */
export const bundle = async (outfile: string): Promise<Metafile> => {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ["src/cli/main.ts"],
    outfile,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    legalComments: "none",
    // CommonJS packages in the bundle require modules of Node.
    banner: {
      js:
        `import { createRequire as $createRequire } from "node:module"\nconst require = $createRequire(import.meta.url)`
    },
    // A polyfill for old versions of Node.
    alias: { "web-streams-polyfill/dist/ponyfill.es2018.js": "node:stream/web" },
    metafile: true,
    logLevel: "error"
  })
  return metafile
}

/** The folders of the packages in a bundle. */
const packagesIn = ({ outputs }: Metafile): ReadonlyArray<string> =>
  [
    ...new Set(
      Object.values(outputs).flatMap(({ inputs }) =>
        Object.entries(inputs).flatMap(([path, { bytesInOutput }]) =>
          bytesInOutput === 0 ? [] : /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []
        )
      )
    )
  ].sort()

const licenseOf = (folder: string): string => {
  const { license, name, version } = manifest(folder)
  const file = readdirSync(join(root, folder)).find((file) => /^(?:licen[cs]e|copying)(?:\.(?:md|txt))?$/i.test(file))
  if (license === undefined && file === undefined) throw new Error(`${folder} has no license`)
  const text = file === undefined ? "" : `\n\n${readFileSync(join(root, folder, file), "utf8").trim()}`
  return `${name} ${version}, license ${license ?? "below"}${text}\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const outfile = join(root, "bin/google-operations.js")
  mkdirSync(dirname(outfile), { recursive: true })
  const packages = packagesIn(await bundle(outfile))
  const licenses = ["google-operations.js contains code of these packages.\n", ...packages.map(licenseOf)]
  writeFileSync(join(dirname(outfile), "LICENSES.txt"), licenses.join(`\n${"-".repeat(80)}\n\n`))
}
