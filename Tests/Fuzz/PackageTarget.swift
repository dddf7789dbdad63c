import EmotionFormer
import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerModelFormat

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension FuzzTarget {
    static let package = FuzzTarget(name: "package", run: PackageInput.run)

    /// Valid packages, changed field by field, with a checksum to match.
    static let packageFields = FuzzTarget(
        name: "package-fields", run: PackageInput.run, keepsRefused: false,
        mutate: { bytes, maximum, random in
            guard var package = PackageInput(bytes), let manifest = try? JSONValue(parsing: package.manifest) else {
                return
            }
            var mutator = PackageMutator(manifest: manifest, weights: package.weights, random: random)
            mutator.mutate()
            package.weights = mutator.weights
            guard let text = try? mutator.manifest.text() else { return }
            package.manifest = Array(text.utf8)
            if package.bytes.count <= maximum { bytes = package.bytes }
        })
}

/// A package as one input: the manifest's size in four bytes, the manifest, the weights.
struct PackageInput {
    var manifest: [UInt8]
    var weights: [UInt8]

    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 4 else { return nil }
        let count = (0..<4).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
        guard count <= bytes.count - 4 else { return nil }
        manifest = Array(bytes[4..<4 + count])
        weights = Array(bytes[(4 + count)...])
    }

    var bytes: [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: manifest.count >> (8 * $0)) } + manifest + weights }

    private static let folder: String = {
        let base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        let path = "\(base)/emotionformer-fuzz-\(getpid())"
        mkdir(path, 0o700)
        atexit {
            unlink("\(PackageInput.folder)/manifest.json")
            unlink("\(PackageInput.folder)/weights.bin")
            rmdir(PackageInput.folder)
        }
        return path
    }()

    static func write(_ bytes: [UInt8], to path: String) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard descriptor >= 0, Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            finding("\(path) cannot be written")
        }
        close(descriptor)
    }

    static func run(_ bytes: [UInt8]) -> Bool {
        guard let input = PackageInput(bytes) else { return false }
        write(input.manifest, to: "\(folder)/manifest.json")
        write(input.weights, to: "\(folder)/weights.bin")
        do throws(Fault) {
            let contents = try ModelPackage.read(folder: folder)
            guard let run = ModelRun(contents.program, frames: min(contents.clip?.frames ?? 1, 8), input: bytes) else {
                return true
            }
            if run.check(), run.isChosen(oneIn: 4) { try predict(contents) }
        } catch {
            error.checkForm()
            return false
        }
        return true
    }

    /// As an app would, with a clip shorter than the model's frames.
    private static func predict(_ contents: ModelPackage) throws(Fault) {
        guard let input = contents.clip, input.features <= 1 << 12, input.frames <= 1 << 10 else { return }
        let model = try EmotionModel(contents, options: ModelRun.modelOptions)
        let frames = max(1, min(input.frames - 1, 5))
        var values = [Float](repeating: 0, count: frames * input.features)
        values.withUnsafeMutableBytes { ModelRun.fill($0, .float32, seed: 1) }
        do {
            let clip = try LandmarkClip(
                features: values, frameCount: frames, featureCount: input.features)
            _ = try model.predict(clip)
            _ = try model.attention(of: clip)
        } catch {
            if "\(error)".utf8.contains(0x0A) { finding("an error has several lines: \(error)") }
        }
        try FrameRun.check(model)
    }
}
