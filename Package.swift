// swift-tools-version: 6.2
import PackageDescription

let warnings: [SwiftSetting] =
    Context.environment["EMOTIONFORMER_WARNINGS_AS_ERRORS"] == "1" ? [.treatAllWarnings(as: .error)] : []

let common: [SwiftSetting] =
    warnings + [
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("ExistentialAny"),
    ]

// Which processor a build is for is not known here, only which machine reads this file. The sources of a processor's
// kernels ask `arch(…)`, besides the definitions below, and are empty on others.
let x86Kernels: SwiftSetting = .define(
    "EMOTIONFORMER_X86_KERNELS", .when(platforms: [.linux], traits: ["VectorKernels"]))
let armKernels: SwiftSetting = .define("EMOTIONFORMER_ARM_KERNELS", .when(traits: ["VectorKernels"]))

/// Code compiled for newer processors must not leak into the rest: these flags belong to one target each, and after
/// `-Xarch_x86_64` a compiler for another processor leaves them out. Debug builds optimize it too: unoptimized intrinsics
/// are calls, and what runs would not be what was tested.
func x86Level(march: String, adding features: [String] = []) -> [SwiftSetting] {
    let options = ["-march=\(march)", "-mprefer-vector-width=512"] + features.map { "-m\($0)" }
    let flags = ["-Qunused-arguments"] + options.flatMap { ["-Xarch_x86_64", $0] }
    return common + [
        x86Kernels,
        .unsafeFlags(
            ["-O"] + flags.flatMap { ["-Xcc", $0] }, .when(platforms: [.linux], traits: ["VectorKernels"])),
    ]
}

/// Every arm64 processor has what these levels are compiled for; what newer ones have is named instruction by instruction.
let armLevel: [SwiftSetting] = common + [armKernels, .unsafeFlags(["-O"], .when(platforms: [.linux]))]

/// A release of the command-line tool needs no Swift runtime on the machine it runs on, and starts in a third of the time:
/// it loads six libraries where it would load twenty. At a fixed address it needs no table of relocations either, and 1.6 MiB
/// less memory. A toolchain without static libraries builds it with this environment variable, position-independent.
let isStandalone = Context.environment["EMOTIONFORMER_DYNAMIC_RUNTIME"] != "1"
let standalone: [SwiftSetting] = [
    .unsafeFlags(isStandalone ? ["-static-stdlib"] : [], .when(platforms: [.linux], configuration: .release))
]
let standaloneLinking: [LinkerSetting] = [
    .unsafeFlags(
        isStandalone ? ["-static-stdlib", "-Xclang-linker", "-no-pie"] : [],
        .when(platforms: [.linux], configuration: .release))
]

func module(_ folder: String, _ dependencies: [Target.Dependency], settings: [SwiftSetting] = common) -> Target {
    .target(
        name: "EmotionFormer\(folder)", dependencies: dependencies, path: "Sources/\(folder)", swiftSettings: settings)
}

func tests(_ folder: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: "EmotionFormer\(folder)Tests", dependencies: dependencies + ["EmotionFormerTestSupport"],
        path: "Tests/\(folder)", swiftSettings: common)
}

let package = Package(
    name: "EmotionFormer",
    platforms: [.macOS(.v15), .iOS(.v18)],
    products: [
        .library(name: "EmotionFormer", targets: ["EmotionFormer"]),
        .library(name: "EmotionFormerBundledModel", targets: ["EmotionFormerBundledModel"]),
        .library(name: "EmotionFormerTensors", targets: ["EmotionFormerTensors"]),
        .library(name: "EmotionFormerLandmarks", targets: ["EmotionFormerLandmarks"]),
        .library(name: "EmotionFormerBundledLandmarker", targets: ["EmotionFormerBundledLandmarker"]),
        .executable(name: "emotionformer", targets: ["EmotionFormerCLI"]),
    ],
    traits: [
        .default(enabledTraits: ["VectorKernels"]),
        .trait(name: "VectorKernels", description: "Kernels for AVX2, AVX-512 and NEON, chosen at run time."),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
    ],
    targets: [
        .systemLibrary(name: "EmotionFormerCPUIntrinsics", path: "Sources/CPUIntrinsics"),
        module("System", []),
        module("Core", ["EmotionFormerSystem"]),
        module("Files", ["EmotionFormerSystem", "EmotionFormerCore"]),
        module("Graph", ["EmotionFormerSystem", "EmotionFormerCore"]),
        module("KernelInterface", []),
        module(
            "KernelsAVX2",
            [
                "EmotionFormerKernelInterface",
                .target(name: "EmotionFormerCPUIntrinsics", condition: .when(traits: ["VectorKernels"])),
            ],
            settings: x86Level(march: "haswell")),
        module(
            "KernelsAVXVNNI",
            [
                "EmotionFormerKernelInterface",
                .target(
                    name: "EmotionFormerCPUIntrinsics", condition: .when(platforms: [.linux], traits: ["VectorKernels"])
                ),
            ],
            settings: x86Level(march: "haswell", adding: ["avxvnni"])),
        module(
            "KernelsAVX512",
            [
                "EmotionFormerKernelInterface",
                .target(name: "EmotionFormerCPUIntrinsics", condition: .when(traits: ["VectorKernels"])),
            ],
            settings: x86Level(march: "cascadelake")),
        module(
            "KernelsNEON",
            [
                "EmotionFormerKernelInterface",
                .target(name: "EmotionFormerCPUIntrinsics", condition: .when(traits: ["VectorKernels"])),
            ],
            settings: armLevel),
        module(
            "KernelsNEONDotProduct",
            [
                "EmotionFormerKernelInterface",
                .target(name: "EmotionFormerCPUIntrinsics", condition: .when(traits: ["VectorKernels"])),
            ],
            settings: armLevel),
        module(
            "Kernels",
            [
                "EmotionFormerSystem", "EmotionFormerKernelInterface",
                .target(name: "EmotionFormerCPUIntrinsics", condition: .when(traits: ["VectorKernels"])),
                .target(
                    name: "EmotionFormerKernelsAVX2", condition: .when(platforms: [.linux], traits: ["VectorKernels"])),
                .target(
                    name: "EmotionFormerKernelsAVXVNNI",
                    condition: .when(platforms: [.linux], traits: ["VectorKernels"])
                ),
                .target(
                    name: "EmotionFormerKernelsAVX512", condition: .when(platforms: [.linux], traits: ["VectorKernels"])
                ),
                .target(name: "EmotionFormerKernelsNEON", condition: .when(traits: ["VectorKernels"])),
                .target(name: "EmotionFormerKernelsNEONDotProduct", condition: .when(traits: ["VectorKernels"])),
            ],
            settings: common + [.define("EMOTIONFORMER_PORTABLE_KERNELS"), x86Kernels, armKernels]),
        module("ModelFormat", ["EmotionFormerCore", "EmotionFormerFiles", "EmotionFormerGraph"]),
        module("TFLiteImport", ["EmotionFormerCore", "EmotionFormerGraph"]),
        module(
            "Engine",
            [
                "EmotionFormerSystem", "EmotionFormerCore", "EmotionFormerGraph", "EmotionFormerKernelInterface",
                "EmotionFormerKernels",
            ]),
        module(
            "Tensors",
            [
                "EmotionFormerSystem", "EmotionFormerCore", "EmotionFormerFiles", "EmotionFormerGraph",
                "EmotionFormerModelFormat", "EmotionFormerKernels",
            ]),
        module("Reference", ["EmotionFormerSystem", "EmotionFormerCore", "EmotionFormerGraph"]),
        .target(
            name: "EmotionFormer",
            dependencies: [
                "EmotionFormerSystem", "EmotionFormerCore", "EmotionFormerFiles", "EmotionFormerGraph",
                "EmotionFormerEngine", "EmotionFormerModelFormat", "EmotionFormerTFLiteImport",
            ],
            path: "Sources/EmotionFormer", swiftSettings: common),
        module(
            "Landmarks",
            [
                "EmotionFormer", "EmotionFormerSystem", "EmotionFormerCore", "EmotionFormerFiles",
                "EmotionFormerGraph", "EmotionFormerEngine", "EmotionFormerTFLiteImport",
            ]),
        .target(
            name: "EmotionFormerBundledModel",
            dependencies: ["EmotionFormer", "EmotionFormerFiles", "EmotionFormerCore"], path: "Weights",
            exclude: ["EmotionFormer-Synthetic.md", "EmotionFormer-Synthetic.svg", "FaceLandmarker"],
            resources: [.copy("EmotionFormer-Synthetic")], swiftSettings: common),
        .target(
            name: "EmotionFormerBundledLandmarker",
            dependencies: [
                "EmotionFormerLandmarks", "EmotionFormer", "EmotionFormerFiles", "EmotionFormerCore",
            ],
            path: "Weights/FaceLandmarker", exclude: ["FaceLandmarker.md"], resources: [.copy("face_landmarker.task")],
            swiftSettings: common),
        .executableTarget(
            name: "EmotionFormerCLI",
            dependencies: [
                "EmotionFormer", "EmotionFormerBundledModel", "EmotionFormerLandmarks",
                "EmotionFormerBundledLandmarker",
                "EmotionFormerSystem", "EmotionFormerCore", "EmotionFormerFiles", "EmotionFormerGraph",
                "EmotionFormerModelFormat", "EmotionFormerTFLiteImport",
                "EmotionFormerEngine", "EmotionFormerKernels", "EmotionFormerReference",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/CommandLine",
            // In the program itself, so that it stays one file.
            resources: [
                .embedInCode("Page/Assets/page.css"), .embedInCode("Page/Assets/clip-page.js"),
            ],
            swiftSettings: common + standalone, linkerSettings: standaloneLinking),
        .target(
            name: "EmotionFormerFixtures", dependencies: ["EmotionFormerTFLiteImport", "EmotionFormerCore"],
            path: "Tests/Fixtures/Support", swiftSettings: common),
        .target(name: "EmotionFormerTestSupport", path: "Tests/Support", swiftSettings: common),
        .executableTarget(
            name: "EmotionFormerAllocationProbe",
            dependencies: ["EmotionFormer", "EmotionFormerLandmarks", "EmotionFormerFiles", "EmotionFormerSystem"],
            path: "Tests/AllocationProbe",
            swiftSettings: common),
        .executableTarget(
            name: "EmotionFormerSoakProbe",
            dependencies: ["EmotionFormer", "EmotionFormerFiles", "EmotionFormerModelFormat"], path: "Tests/SoakProbe",
            swiftSettings: common),
        .executableTarget(
            name: "EmotionFormerTensorProbe", dependencies: ["EmotionFormerTensors", "EmotionFormerSystem"],
            path: "Tests/TensorProbe", swiftSettings: common),
        tests("Core", ["EmotionFormerCore"]),
        tests(
            "Tensors",
            [
                "EmotionFormerTensors", "EmotionFormerCore", "EmotionFormer", "EmotionFormerGraph",
                "EmotionFormerEngine", "EmotionFormerReference", "EmotionFormerKernels",
            ]),
        tests(
            "Graph",
            ["EmotionFormerGraph", "EmotionFormerCore", "EmotionFormerReference", "EmotionFormerTFLiteImport"]),
        tests("Reference", ["EmotionFormerReference", "EmotionFormerGraph", "EmotionFormerCore"]),
        tests(
            "TFLiteImport",
            [
                "EmotionFormerFixtures",
                "EmotionFormerTFLiteImport", "EmotionFormerReference", "EmotionFormerGraph", "EmotionFormerCore",
            ]),
        tests("Files", ["EmotionFormerFixtures", "EmotionFormerFiles", "EmotionFormerCore"]),
        tests(
            "ModelFormat",
            [
                "EmotionFormerFixtures", "EmotionFormerModelFormat", "EmotionFormerFiles", "EmotionFormerGraph",
                "EmotionFormerCore",
            ]),
        tests(
            "Engine",
            [
                "EmotionFormerEngine", "EmotionFormerGraph", "EmotionFormerKernels", "EmotionFormerReference",
                "EmotionFormerTFLiteImport", "EmotionFormerCore",
            ]),
        tests("Kernels", ["EmotionFormerKernels", "EmotionFormerKernelInterface"]),
        .testTarget(
            name: "EmotionFormerLandmarksTests",
            dependencies: [
                "EmotionFormerLandmarks", "EmotionFormerBundledLandmarker", "EmotionFormer", "EmotionFormerFiles",
                "EmotionFormerEngine", "EmotionFormerTFLiteImport", "EmotionFormerCore", "EmotionFormerFixtures",
                "EmotionFormerTestSupport",
            ],
            path: "Tests/Landmarks", exclude: ["Fixtures"], swiftSettings: common),
        tests(
            "Parity",
            [
                "EmotionFormerFixtures", "EmotionFormerTFLiteImport", "EmotionFormerEngine", "EmotionFormerKernels",
                "EmotionFormerReference", "EmotionFormerGraph", "EmotionFormerCore",
            ]),
        .testTarget(
            name: "EmotionFormerTests",
            dependencies: [
                "EmotionFormer", "EmotionFormerCore", "EmotionFormerFiles", "EmotionFormerGraph",
                "EmotionFormerModelFormat", "EmotionFormerEngine", "EmotionFormerFixtures", "EmotionFormerTestSupport",
            ],
            path: "Tests/EmotionFormer", exclude: ["Fixtures"], swiftSettings: common),
        .testTarget(
            name: "EmotionFormerCLITests",
            dependencies: [
                "EmotionFormer", "EmotionFormerCore", "EmotionFormerGraph", "EmotionFormerModelFormat",
                "EmotionFormerLandmarks",
            ],
            path: "Tests/CommandLine", swiftSettings: common),
    ],
    swiftLanguageModes: [.v6]
)

// Only whoever makes the documentation (`Tools/docs`) needs its plugin; an app that depends on this package must not
// fetch it.
if Context.environment["EMOTIONFORMER_DOCUMENTATION"] == "1" {
    package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.4.0"))
}
