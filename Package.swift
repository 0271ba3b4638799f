// swift-tools-version: 6.2
import PackageDescription

// The library modules are products, so that another package can depend on any one of them. For that
// reason nothing here uses unsafe flags: SwiftPM refuses such dependencies. Instructions of one
// kind of processor are chosen at run time, in `CKernels`.
//
// `make build` says in the environment which commit it builds, and `quern --version` names it. What
// the manifest could find out itself, `Context.gitInformation`, is kept with the evaluated manifest
// and is that of another commit after the next one.
let commit = Context.environment["QUERN_COMMIT"] ?? ""

let package = Package(
    name: "quern",
    platforms: [.macOS(.v26)],
    products: [
        .executable(name: "quern", targets: ["quern"]),
        .library(name: "Bytes", targets: ["Bytes"]),
        .library(name: "Files", targets: ["Files"]),
        .library(name: "Work", targets: ["Work"]),
        .library(name: "Compression", targets: ["Compression"]),
        .library(name: "Corpora", targets: ["Corpora"]),
        .library(name: "Refinement", targets: ["Refinement"]),
        .library(name: "Tokens", targets: ["Tokens"]),
        .library(name: "Tokenization", targets: ["Tokenization"]),
        .library(name: "VocabularyFiles", targets: ["VocabularyFiles"]),
        .library(name: "VocabularyLearning", targets: ["VocabularyLearning"]),
        .library(name: "TokenShards", targets: ["TokenShards"]),
        .library(name: "Models", targets: ["Models"]),
        .library(name: "Training", targets: ["Training"]),
        .library(name: "Pipeline", targets: ["Pipeline"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CZstd", pkgConfig: "libzstd",
            providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
        .systemLibrary(
            name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        // The ground floor: nothing here knows a document, a token or a model.
        .target(name: "CKernels"),
        .target(
            name: "CCommit",
            cSettings: commit.isEmpty ? [] : [.define("QUERN_COMMIT", to: commit)]),
        .target(name: "Bytes", dependencies: ["CKernels"]),
        .target(name: "Files", dependencies: ["Bytes"]),
        .target(name: "Work", dependencies: ["CKernels"]),
        .target(
            name: "Compression",
            dependencies: ["CKernels", "CZlib", "CZstd"]),
        .target(name: "Corpora", dependencies: ["Bytes", "Compression", "Files", "Work"]),
        .target(
            name: "Refinement",
            dependencies: [
                "Bytes", "CKernels", "Compression", "Corpora", "Files", "Work",
                .product(name: "HeapModule", package: "swift-collections"),
            ]),
        .target(name: "Tokens"),
        .target(
            name: "Tokenization",
            dependencies: ["Bytes", "CKernels", "Files", "Tokens", "Work"],
            exclude: ["Unicode/generate-unicode-classes.py"]),
        .target(
            name: "VocabularyFiles",
            dependencies: [
                "Bytes", "Files", "Tokenization",
                .product(name: "HeapModule", package: "swift-collections"),
            ]),
        .target(
            name: "VocabularyLearning",
            dependencies: ["Bytes", "Files", "Tokenization", "Work"]),
        .target(
            name: "TokenShards",
            dependencies: ["Bytes", "Compression", "Files", "Tokenization", "Tokens", "Work"]),
        .target(
            name: "Models", dependencies: ["CKernels", "Bytes", "Files", "Tokens", "Work"]),
        .target(
            name: "Training",
            dependencies: [
                "Bytes", "Files", "TokenShards", "Tokenization", "Models", "Work",
            ]),
        .target(
            name: "Pipeline",
            dependencies: [
                "Bytes", "Compression", "Corpora", "Files", "Refinement", "TokenShards",
                "Tokenization", "Training", "Models", "VocabularyFiles", "VocabularyLearning",
                "Work",
            ]),
        .executableTarget(
            name: "quern",
            dependencies: [
                "Bytes", "CCommit", "Compression", "Corpora", "Files", "Pipeline", "Refinement",
                "TokenShards", "Tokenization", "Training", "Models", "VocabularyFiles",
                "VocabularyLearning", "Work",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        // What the sources import, held to the map in CONTRIBUTING.md.
        .testTarget(name: "HouseTests"),
        .testTarget(name: "BytesTests", dependencies: ["Work", "Bytes"]),
        .testTarget(name: "FilesTests", dependencies: ["Files"]),
        .testTarget(name: "WorkTests", dependencies: ["Work"]),
        .testTarget(
            name: "CompressionTests", dependencies: ["CZlib", "Compression", "Work"]),
        .testTarget(
            name: "CorporaTests",
            dependencies: ["Bytes", "Compression", "Corpora", "Files", "Work"]),
        .testTarget(
            name: "RefinementTests",
            dependencies: ["Corpora", "Refinement", "Work"]),
        .testTarget(name: "CKernelsTests", dependencies: ["CKernels"]),
        .testTarget(
            name: "TokenizationTests",
            dependencies: [
                "Bytes", "CKernels", "Files", "Tokenization", "VocabularyFiles",
                "VocabularyLearning", "Work",
            ]),
        .testTarget(
            name: "TokenShardsTests",
            dependencies: [
                "Bytes", "Files", "TokenShards", "Tokenization", "VocabularyLearning", "Work",
            ]),
        .testTarget(
            name: "ModelsTests", dependencies: ["Bytes", "Files", "Models", "Work"]),
        .testTarget(
            name: "TrainingTests",
            dependencies: [
                "Bytes", "Files", "TokenShards", "Tokenization", "Training", "Models",
                "VocabularyLearning", "Work",
            ]),
        .testTarget(
            name: "PipelineTests",
            dependencies: [
                "Bytes", "Corpora", "Files", "Pipeline", "Refinement", "TokenShards",
                "Tokenization", "Training", "Models", "VocabularyLearning", "Work",
            ]),
        // Runs the built program, which is why it depends on it.
        .testTarget(
            name: "QuernTests",
            dependencies: [
                "Files", "Compression", "Pipeline", "quern",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            exclude: ["Fixtures"]),
        // What conformance checks need and the tool has no command for.
        .executableTarget(
            name: "ConformanceProbe",
            dependencies: ["Refinement", "Tokenization", "Training", "Models", "Work"],
            path: "Tests/Conformance/Probe"),
    ],
    swiftLanguageModes: [.v6]
)

// Applied to every Swift target of the package:
// - `any P` is written out:
//   https://github.com/swiftlang/swift-evolution/blob/main/proposals/0335-existential-any.md
// - an import is internal unless it says `public`:
//   https://github.com/swiftlang/swift-evolution/blob/main/proposals/0409-access-level-on-imports.md
// - members come from modules that the file imports:
//   https://github.com/swiftlang/swift-evolution/blob/main/proposals/0444-member-import-visibility.md
// - an asynchronous call runs where its caller runs, so that it can be handed any value:
//   https://github.com/swiftlang/swift-evolution/blob/main/proposals/0461-async-function-isolation.md
// - uses of unsafe code are marked:
//   https://github.com/swiftlang/swift-evolution/blob/main/proposals/0458-strict-memory-safety.md
//   (tests work on what the library hands them, and would only repeat its marks)
for target in package.targets
where target.type != .system && !["CCommit", "CKernels"].contains(target.name) {
    var settings: [SwiftSetting] = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ]
    if target.type != .test { settings.append(.strictMemorySafety()) }
    target.swiftSettings = (target.swiftSettings ?? []) + settings
}
