import EmotionFormer
import EmotionFormerFiles
import EmotionFormerLandmarks
import EmotionFormerSystem

/// What `Tools/test-allocations` counts the allocations of: a model is loaded, a prediction made, then some more.
///
/// Usage: EmotionFormerAllocationProbe MODEL COUNT THREADS [control | session | landmarks]
/// With `control` each further prediction is a new value, whose arrays are allocated. With `session` they are the runs of
/// one session, which hand the model's variables on. With `landmarks` the model is a task file, and a face is followed
/// through frames of the compressed file that the environment variable `FRAMES` names: RGB, 480 × 360.
@main
struct AllocationProbe {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 4, let count = Int(arguments[2]), let threads = Int(arguments[3]) else {
            print("usage: EmotionFormerAllocationProbe MODEL COUNT THREADS [control | session | landmarks]")
            return
        }
        if arguments.dropFirst(4).first == "session" {
            return try runSession(of: arguments[1], count: count, threads: threads)
        }
        if arguments.dropFirst(4).first == "landmarks" {
            return try runLandmarker(of: arguments[1], count: count, threads: threads)
        }
        let model = try EmotionModel(path: arguments[1], options: .init(threads: threads))
        // A clip of a fifth of the frames may have a plan of its own.
        let clips = try [model.input.frames, max(1, model.input.frames / 5)].map { frames in
            try LandmarkClip(
                features: (0..<frames * model.input.features).map { Float($0 * 7919 % 1000) / 500 - 1 },
                frameCount: frames, featureCount: model.input.features)
        }
        var prediction = Prediction()
        for clip in clips { try model.predict(clip, into: &prediction) }
        let isControl = arguments.dropFirst(4).first == "control"
        for index in 0..<count {
            let clip = clips[index % 2]
            if isControl {
                prediction = try model.predict(clip)
            } else {
                try model.predict(clip, into: &prediction)
            }
        }
        print(prediction.label)
    }

    private static func runLandmarker(of path: String, count: Int, threads: Int) throws {
        guard let frames = getenv("FRAMES").map({ String(cString: $0) }) else { return print("FRAMES is not set") }
        let size = 480 * 360 * 3
        let bytes = try Compression.decompressed(try ByteSource.path(frames).bytes(), atMost: 1 << 26)
        let image = try ImageFrame(format: .rgb, width: 480, height: 360, bytes: Array(bytes[..<size]))
        let black = try ImageFrame(format: .rgb, width: 480, height: 360, bytes: [UInt8](repeating: 0, count: size))
        let landmarker = try FaceLandmarker(
            try FaceLandmarkerModels(path: path, threads: threads),
            options: .init(runningMode: .video, outputFaceBlendshapes: true))
        var result = FaceLandmarkerResult()
        var faces = 0
        for turn in 0..<count + 3 {
            // A face is found, followed, lost, and found again.
            try landmarker.detect(turn % 4 == 3 ? black : image, timestampInMilliseconds: turn * 33, into: &result)
            faces += result.faces.count
        }
        print(faces)
    }

    private static func runSession(of path: String, count: Int, threads: Int) throws {
        let model = try Model(path: path, options: .init(threads: threads))
        let session = try model.session()
        let (input, output) = (model.inputs[0].name, model.outputs[0].name)
        var sum = 0
        for turn in 0...count {
            try session.withInput(input) { bytes in
                for index in bytes.indices where index % 4 == 0 { bytes[index] = UInt8(truncatingIfNeeded: turn) }
            }
            try session.run()
            sum &+= try session.withOutput(output) { Int($0[0]) }
        }
        print(sum)
    }
}
