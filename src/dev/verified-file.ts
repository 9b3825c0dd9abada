import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import yauzl from 'yauzl';

/** Hex SHA-256 of a file, or undefined when it cannot be read. */
export async function sha256OfFile(file: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const part of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(part as Buffer);
  } catch {
    return undefined;
  }
  return hash.digest('hex');
}

/** Writes one entry of a zip archive to a file and returns its SHA-256. Fails when the entry is not there. */
export async function unzipEntry(archive: string, entry: string, to: string): Promise<string> {
  const zip = await yauzl.openPromise(archive, { autoClose: false });
  try {
    for await (const found of zip.eachEntry()) {
      if (found.fileName === entry) return await writeHashed(await zip.openReadStreamPromise(found), to);
    }
  } finally {
    zip.close();
  }
  throw new Error(`the archive has no entry ${entry}`);
}

/** Writes one entry of a gzipped tar stream to a file and returns its SHA-256. Fails when the entry is not there. */
export async function untarEntry(archive: Readable, entry: string, to: string, signal: AbortSignal): Promise<string> {
  const entries = extract();
  const unpacked = pipeline(archive, createGunzip(), entries, { signal });
  // Awaited below; a failure that comes first must not count as unhandled meanwhile.
  unpacked.catch(() => undefined);
  let digest: string | undefined;
  for await (const found of entries) {
    // The package's types leave out that its streams can be iterated.
    const content = found as unknown as AsyncIterable<Buffer>;
    if (found.header.name.replace(/^\.\//, '') === entry) digest = await writeHashed(content, to);
    else found.resume();
  }
  await unpacked;
  if (digest === undefined) throw new Error(`the archive has no entry ${entry}`);
  return digest;
}

async function writeHashed(content: AsyncIterable<Buffer>, to: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(content, hashing(hash), createWriteStream(to, { flags: 'wx', mode: 0o755 }));
  return hash.digest('hex');
}

function hashing(hash: Hash): Transform {
  return new Transform({
    transform(part: Buffer, _encoding, done) {
      hash.update(part);
      done(null, part);
    },
  });
}
