// swift-tools-version: 6.2
import PackageDescription

// A package of its own: libFuzzer brings its own beginning of the program, with which the products
// of the library could not be linked.
let package = Package(
    name: "fuzz",
    platforms: [.macOS(.v26)],
    dependencies: [.package(name: "quern", path: "../..")],
    targets: [
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "Bytes", "ChatTemplates", "Compression", "Corpora", "Files", "Models", "Parquet",
                "Pipeline", "Processes", "Refinement", "Reports", "TokenShards", "Tokenization",
                "Tokens", "Training", "VocabularyFiles", "VocabularyLearning", "Work",
            ].map { .product(name: $0, package: "quern") },
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .strictMemorySafety(),
            ])
    ],
    swiftLanguageModes: [.v6]
)
