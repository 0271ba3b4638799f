// swift-tools-version: 6.2
import PackageDescription

// The library modules are products, so that another package can depend on any one of them. For that
// reason nothing here uses unsafe flags: SwiftPM refuses such dependencies. Instructions of one
// kind of processor are chosen at run time, in `CKernels`.
let package = Package(
    name: "quern",
    platforms: [.macOS(.v26)],
    products: [
        .executable(name: "quern", targets: ["quern"]),
        .library(name: "Zstandard", targets: ["Zstandard"]),
        .library(name: "Corpora", targets: ["Corpora"]),
        .library(name: "Refinement", targets: ["Refinement"]),
        .library(name: "Tokenization", targets: ["Tokenization"]),
        .library(name: "TokenShards", targets: ["TokenShards"]),
        .library(name: "Transformer", targets: ["Transformer"]),
        .library(name: "Training", targets: ["Training"]),
        .library(name: "Pipeline", targets: ["Pipeline"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CZstd", pkgConfig: "libzstd",
            providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
        .systemLibrary(
            name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .target(name: "CKernels"),
        .target(name: "Storage"),
        .target(name: "Zstandard", dependencies: ["CZstd"]),
        .target(name: "Gzip", dependencies: ["CZlib"]),
        .target(name: "Corpora", dependencies: ["Zstandard", "Gzip", "Storage"]),
        .target(
            name: "Refinement",
            dependencies: [
                "CKernels", "Corpora", "Zstandard", "Storage",
                .product(name: "HeapModule", package: "swift-collections"),
            ]),
        .target(
            name: "Tokenization",
            dependencies: [
                "CKernels", "Storage",
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            exclude: ["Unicode/generate-unicode-classes.py"]),
        .target(name: "TokenShards", dependencies: ["Tokenization", "Storage"]),
        .target(name: "Transformer", dependencies: ["CKernels", "Storage"]),
        .target(
            name: "Training",
            dependencies: ["Transformer", "TokenShards", "Tokenization", "Storage"]),
        .target(
            name: "Pipeline",
            dependencies: [
                "Zstandard", "Corpora", "Refinement", "Tokenization", "TokenShards", "Transformer",
                "Training", "Storage",
            ]),
        .executableTarget(
            name: "quern",
            dependencies: [
                "Pipeline", "Zstandard", "Corpora", "Refinement", "Tokenization", "TokenShards",
                "Transformer", "Training", "Storage",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .testTarget(name: "StorageTests", dependencies: ["Storage"]),
        .testTarget(
            name: "TokenShardsTests", dependencies: ["TokenShards", "Tokenization", "Storage"]),
        .testTarget(
            name: "TrainingTests",
            dependencies: ["Training", "Transformer", "TokenShards", "Tokenization", "Storage"]),
        .testTarget(name: "ZstandardTests", dependencies: ["Zstandard"]),
        .testTarget(
            name: "CorporaTests", dependencies: ["Corpora", "Storage", "Zstandard", "Gzip", "CZlib"]),
        .testTarget(
            name: "RefinementTests",
            dependencies: ["Refinement", "Corpora", "Zstandard", "Storage"]),
        .testTarget(name: "CKernelsTests", dependencies: ["CKernels"]),
        .testTarget(name: "TransformerTests", dependencies: ["Transformer", "Storage"]),
        // What conformance checks need and the tool has no command for.
        .executableTarget(
            name: "ConformanceProbe",
            dependencies: ["Training", "Transformer", "Tokenization", "Refinement"],
            path: "Tests/Conformance/Probe"),
        .testTarget(
            name: "TokenizationTests", dependencies: ["Tokenization", "CKernels", "Storage"]),
        .testTarget(
            name: "PipelineTests",
            dependencies: [
                "Pipeline", "Corpora", "Refinement", "Tokenization", "TokenShards", "Training",
                "Transformer", "Storage", "Zstandard",
            ]),
        // Runs the built program, which is why it depends on it.
        .testTarget(
            name: "QuernTests", dependencies: ["quern", "Zstandard"], exclude: ["Fixtures"]),
    ],
    swiftLanguageModes: [.v6]
)

// Applied to every Swift target of the package:
// - `any P` is written out: https://github.com/swiftlang/swift-evolution/blob/main/proposals/0335-existential-any.md
// - an import is internal unless it says `public`: https://github.com/swiftlang/swift-evolution/blob/main/proposals/0409-access-level-on-imports.md
// - members come from modules that the file imports: https://github.com/swiftlang/swift-evolution/blob/main/proposals/0444-member-import-visibility.md
// - uses of unsafe code are marked: https://github.com/swiftlang/swift-evolution/blob/main/proposals/0458-strict-memory-safety.md
//   (tests work on what the library hands them, and would only repeat its marks)
for target in package.targets where target.type != .system && target.name != "CKernels" {
    var settings: [SwiftSetting] = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ]
    if target.type != .test { settings.append(.strictMemorySafety()) }
    target.swiftSettings = (target.swiftSettings ?? []) + settings
}
