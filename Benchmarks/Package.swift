// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that no user of the library pays for its dependencies.
let package = Package(
    name: "EmotionFormerBenchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        // By name, because the folder above may be called anything.
        .package(name: "EmotionFormer", path: ".."),
        // Without its interposers: allocations are counted by Tools/check-leaks, and times are not to be changed.
        .package(url: "https://github.com/ordo-one/benchmark", .upToNextMinor(from: "1.38.0"), traits: []),
    ],
    targets: [
        .executableTarget(
            name: "EmotionFormerBenchmarks",
            dependencies: [
                .product(name: "Benchmark", package: "benchmark"),
                .product(name: "EmotionFormer", package: "EmotionFormer"),
            ],
            path: "Benchmarks/EmotionFormer",
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
    ],
    swiftLanguageModes: [.v6]
)
