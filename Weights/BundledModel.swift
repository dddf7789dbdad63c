public import EmotionFormer
import EmotionFormerTensors

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The model package that comes with this product.
///
/// It was trained on synthetic faces alone: what it says of a real face is a guess, and was never measured on people. Its
/// card, with what was measured, is `Weights/EmotionFormer-Synthetic.md`.
public enum BundledModel {
    /// The package's name, as in `Weights/`.
    public static let name = "EmotionFormer-Synthetic"

    /// The bundled package, ready to predict.
    /// - Throws: `missingResource` if the package does not lie beside the executable; what `EmotionModel` throws.
    public static func load(
        options: EmotionModel.Options = EmotionModel.Options()
    ) throws(EmotionFormerError) -> EmotionModel {
        try EmotionModel(path: path(), options: options)
    }

    /// Where the package lies: in the resource bundle beside the executable, or in an app's resources.
    ///
    /// The package manager's own accessor is not used: it ends the process where the bundle is not found, and knows
    /// the folder that the program was built in.
    /// - Throws: `missingResource`, with the folders that were looked into.
    public static func path() throws(EmotionFormerError) -> String {
        let folders = candidateFolders
        for folder in folders {
            for bundle in bundleNames {
                let candidate = "\(folder)/\(bundle)/\(name)"
                if FileManager.default.fileExists(atPath: candidate + "/manifest.json") { return candidate }
            }
        }
        throw EmotionFormerError(
            Fault(
                .missingResource, at: "bundled model", "the package '\(name)' is not beside the executable",
                found: "nothing in \(folders.joined(separator: ", "))", expected: bundleNames.joined(separator: " or "))
        )
    }

    private static let bundleNames = [
        "EmotionFormer_EmotionFormerBundledModel.resources", "EmotionFormer_EmotionFormerBundledModel.bundle",
        "EmotionFormer_EmotionFormerBundledModel.bundle/Contents/Resources",
    ]

    /// The executable's folder, with links resolved, and the folders around it where apps and test runners keep resources.
    private static var candidateFolders: [String] {
        var folders: [String] = []
        if let executable = executablePath {
            let folder = executable.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            folders.append(folder.joined(separator: "/"))
            if folder.count > 1 {
                let parent = folder.dropLast().joined(separator: "/")
                folders += [parent + "/Resources", parent + "/share/emotionformer", parent]
            }
            // A test bundle on macOS: Name.xctest/Contents/MacOS/Name.
            if folder.count > 3 { folders.append(folder.dropLast(3).joined(separator: "/")) }
        }
        return folders
    }

    private static var executablePath: String? {
        #if os(Linux) || os(Android)
            return try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        #else
            return CommandLine.arguments.first.flatMap { argument in
                realpath(argument, nil).map { resolved in
                    defer { free(resolved) }
                    return String(cString: resolved)
                }
            }
        #endif
    }
}
