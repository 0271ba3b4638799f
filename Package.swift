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

// What the HTTP of the server is made of, which only the trait brings.
let serverProducts: [Target.Dependency] = [
    ("Hummingbird", "hummingbird"), ("HummingbirdCore", "hummingbird"),
    ("HTTPTypes", "swift-http-types"), ("Logging", "swift-log"), ("NIOCore", "swift-nio"),
    ("NIOHTTP1", "swift-nio"), ("NIOPosix", "swift-nio"), ("NIOHTTPTypes", "swift-nio-extras"),
    ("NIOHTTPTypesHTTP1", "swift-nio-extras"), ("ServiceLifecycle", "swift-service-lifecycle"),
].map { name, package in
    .product(name: name, package: package, condition: .when(traits: ["Server"]))
}

let package = Package(
    name: "quern",
    platforms: [.macOS(.v26)],
    products: [
        .executable(name: "quern", targets: ["quern"]),
        .library(name: "Bytes", targets: ["Bytes"]),
        .library(name: "Files", targets: ["Files"]),
        .library(name: "Work", targets: ["Work"]),
        .library(name: "Processes", targets: ["Processes"]),
        .library(name: "Compression", targets: ["Compression"]),
        .library(name: "Parquet", targets: ["Parquet"]),
        .library(name: "Corpora", targets: ["Corpora"]),
        .library(name: "Refinement", targets: ["Refinement"]),
        .library(name: "Tokens", targets: ["Tokens"]),
        .library(name: "ChatTemplates", targets: ["ChatTemplates"]),
        .library(name: "Tokenization", targets: ["Tokenization"]),
        .library(name: "VocabularyFiles", targets: ["VocabularyFiles"]),
        .library(name: "VocabularyLearning", targets: ["VocabularyLearning"]),
        .library(name: "TokenShards", targets: ["TokenShards"]),
        .library(name: "Models", targets: ["Models"]),
        .library(name: "Training", targets: ["Training"]),
        .library(name: "Pipeline", targets: ["Pipeline"]),
        .library(name: "Reports", targets: ["Reports"]),
        .library(name: "Server", targets: ["Server"]),
    ],
    traits: [
        .trait(
            name: "Server",
            description: "The HTTP server of `quern serve`, for which Hummingbird is fetched.")
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
        // Of these nothing is fetched without the trait.
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.14.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.34.1"),
        .package(
            url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.0.0"),
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
        // MPI as it is found at run time, without its headers.
        .target(name: "CMPI"),
        .target(name: "Bytes", dependencies: ["CKernels"]),
        .target(name: "Files", dependencies: ["Bytes"]),
        .target(name: "Work", dependencies: ["CKernels"]),
        .target(name: "Processes", dependencies: ["Bytes", "CMPI", "Work"]),
        .target(
            name: "Compression",
            dependencies: ["CKernels", "CZlib", "CZstd"]),
        .target(
            name: "Parquet", dependencies: ["Bytes", "CKernels", "Compression", "Files", "Work"]),
        .target(
            name: "Corpora", dependencies: ["Bytes", "Compression", "Files", "Parquet", "Work"]),
        .target(
            name: "Refinement",
            dependencies: [
                "Bytes", "CKernels", "Compression", "Corpora", "Files", "Parquet", "Work",
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            exclude: ["Rules/generate-word-classes.py"]),
        .target(name: "Tokens"),
        .target(name: "ChatTemplates"),
        .target(
            name: "Tokenization",
            dependencies: ["Bytes", "CKernels", "ChatTemplates", "Files", "Tokens", "Work"],
            exclude: [
                "Unicode/generate-normal-forms.py", "Unicode/generate-unicode-classes.py",
            ]),
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
                "Bytes", "Files", "Processes", "TokenShards", "Tokenization", "Models", "Work",
            ]),
        .target(
            name: "Pipeline",
            dependencies: [
                "Bytes", "ChatTemplates", "Compression", "Corpora", "Files", "Parquet", "Processes",
                "Refinement", "TokenShards", "Tokenization", "Training", "Models",
                "VocabularyFiles", "VocabularyLearning", "Work",
            ]),
        .target(
            name: "Reports",
            dependencies: [
                "Bytes", "Files", "Models", "Pipeline", "Refinement", "TokenShards",
                "Tokenization", "Training", "Work",
            ]),
        // Without the trait there is all of it but HTTP.
        .target(
            name: "Server",
            dependencies: [
                "Bytes", "ChatTemplates", "Files", "Models", "Pipeline", "Tokenization",
                "Training", "Work",
            ] + serverProducts,
            resources: [
                .embedInCode("Page/playground.html"),
                .embedInCode("Page/playground.css"),
                .embedInCode("Page/playground.js"),
                .embedInCode("Page/playground-complete.js"),
                .embedInCode("Page/playground-chat.js"),
                .embedInCode("Page/playground-tokens.js"),
                .embedInCode("Page/playground-attention.js"),
                .embedInCode("Page/playground-window.js"),
                .embedInCode("Page/playground-runs.js"),
                .embedInCode("Page/playground-start.js"),
            ]),
        .executableTarget(
            name: "quern",
            dependencies: [
                "Bytes", "CCommit", "Compression", "Corpora", "Files", "Pipeline", "Processes",
                "Refinement", "Reports", "Server", "TokenShards", "Tokenization", "Training",
                "Models",
                "VocabularyFiles", "VocabularyLearning", "Work",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        // What the sources import, held to the map in CONTRIBUTING.md.
        .testTarget(name: "HouseTests"),
        .testTarget(name: "BytesTests", dependencies: ["Work", "Bytes"]),
        .testTarget(name: "FilesTests", dependencies: ["Files"]),
        .testTarget(name: "WorkTests", dependencies: ["Work"]),
        .testTarget(name: "ProcessesTests", dependencies: ["Bytes", "Processes", "Work"]),
        .testTarget(
            name: "CompressionTests", dependencies: ["CZlib", "Compression", "Work"]),
        .testTarget(
            name: "ParquetTests", dependencies: ["Compression", "Files", "Parquet", "Work"]),
        .testTarget(
            name: "CorporaTests",
            dependencies: ["Bytes", "Compression", "Corpora", "Files", "Parquet", "Work"]),
        .testTarget(
            name: "RefinementTests",
            dependencies: ["Corpora", "Refinement", "Work"]),
        .testTarget(name: "CKernelsTests", dependencies: ["CKernels"]),
        .testTarget(name: "ChatTemplatesTests", dependencies: ["ChatTemplates"]),
        .testTarget(
            name: "TokenizationTests",
            dependencies: [
                "Bytes", "CKernels", "ChatTemplates", "Files", "Tokenization", "VocabularyFiles",
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
                "Bytes", "Files", "Processes", "TokenShards", "Tokenization", "Training", "Models",
                "VocabularyLearning", "Work",
            ]),
        .testTarget(
            name: "PipelineTests",
            dependencies: [
                "Bytes", "Compression", "Corpora", "Files", "Parquet", "Pipeline", "Refinement",
                "TokenShards", "Tokenization", "Training", "Models", "VocabularyLearning", "Work",
            ]),
        .testTarget(
            name: "ReportsTests",
            dependencies: [
                "Bytes", "Files", "Models", "Pipeline", "Reports", "TokenShards", "Tokenization",
                "Training", "VocabularyLearning", "Work",
            ]),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "Bytes", "Files", "Models", "Pipeline", "Server", "Tokenization",
                "VocabularyLearning", "Work",
            ]),
        // Runs the built program, which is why it depends on it.
        .testTarget(
            name: "QuernTests",
            dependencies: [
                "Files", "Compression", "Pipeline", "quern", "Work",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            exclude: ["Fixtures"]),
        // What conformance checks need and the tool has no command for.
        .executableTarget(
            name: "ConformanceProbe",
            dependencies: [
                "Bytes", "ChatTemplates", "Refinement", "Tokenization", "Training", "Models",
                "Work",
            ],
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
where target.type != .system && !["CCommit", "CKernels", "CMPI"].contains(target.name) {
    var settings: [SwiftSetting] = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ]
    if target.type != .test { settings.append(.strictMemorySafety()) }
    target.swiftSettings = (target.swiftSettings ?? []) + settings
}
