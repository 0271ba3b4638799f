// swift-tools-version: 6.2
import PackageDescription

// Another package that uses the library, as its documentation shows: the sources are the examples in
// README.md and in the documentation of `Tokenization`, letter for letter.
let package = Package(
    name: "library-example",
    platforms: [.macOS(.v26)],
    dependencies: [.package(name: "quern", path: "../..")],
    targets: [
        .executableTarget(
            name: "LibraryExample",
            dependencies: [.product(name: "Tokenization", package: "quern")])
    ],
    swiftLanguageModes: [.v6]
)
