package import EmotionFormerCore
import EmotionFormerSystem

/// A file or folder that comes with a product: in the resource bundle beside the executable, or in an app's resources.
///
/// The package manager's own accessor is not used: it ends the process where the bundle is not found, and knows the
/// folder that the program was built in.
package enum BundledResource {
    /// Where it lies.
    /// - Parameters:
    ///   - name: its name in the bundle.
    ///   - target: the target that it is a resource of.
    ///   - witness: a file in it by which it is recognized, or nil if it is a file itself.
    ///   - place: what an error calls it, as `what`: `bundled model`, `the package`.
    /// - Throws: `missingResource`, with the folders that were looked into.
    package static func path(
        of name: String, target: String, witness: String? = nil, place: String, what: String
    ) throws(Fault) -> String {
        let bundles = ["resources", "bundle", "bundle/Contents/Resources"].map { "EmotionFormer_\(target).\($0)" }
        let folders = candidateFolders
        for folder in folders {
            for bundle in bundles {
                let candidate = "\(folder)/\(bundle)/\(name)"
                if access(candidate + (witness.map { "/\($0)" } ?? ""), F_OK) == 0 { return candidate }
            }
        }
        throw Fault(
            .missingResource, at: place, "\(what) '\(name)' is not beside the executable",
            found: "nothing in \(folders.joined(separator: ", "))", expected: bundles.joined(separator: " or "))
    }

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
            // Also of a program whose file is gone.
            return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1 << 16) { buffer in
                let count = buffer.withMemoryRebound(to: CChar.self) { buffer in
                    buffer.baseAddress.map { readlink("/proc/self/exe", $0, buffer.count) } ?? 0
                }
                return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
            }
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
