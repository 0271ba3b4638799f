import Processes
import Testing

@Suite struct LauncherTests {
    @Test(arguments: [
        [:], ["OMPI_COMM_WORLD_SIZE": "1", "OMPI_COMM_WORLD_RANK": "0"], ["PMI_SIZE": "1"],
        // The script of a job of four tasks runs once.
        ["SLURM_NTASKS": "4", "SLURM_PROCID": "0"], ["WORLD_SIZE": "1", "RANK": "0"],
        ["MASTER_ADDR": "node1", "WORLD_SIZE": "1"], ["JOB_COMPLETION_INDEX": "3"],
        ["SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_COUNT": "8"],
    ])
    func `these are one process alone`(environment: [String: String]) throws {
        #expect(try Launcher(environment: environment) == .alone)
    }

    @Test func `MPI launchers are told apart`() throws {
        #expect(try Launcher(environment: ["OMPI_COMM_WORLD_SIZE": "4"]) == .mpi(.openMPI))
        #expect(try Launcher(environment: ["PMIX_RANK": "1"]) == .mpi(.openMPI))
        #expect(try Launcher(environment: ["PMI_SIZE": "2", "PMI_RANK": "1"]) == .mpi(.mpich))
    }

    @Test func `MASTER_ADDR means TCP, whoever gives the rank`() throws {
        let node = ["MASTER_ADDR": "node1"]
        func launcher(_ more: [String: String]) throws -> Launcher {
            try Launcher(environment: node.merging(more) { $1 })
        }
        #expect(
            try launcher(["RANK": "2", "WORLD_SIZE": "4", "MASTER_PORT": "7000"])
                == .tcp(rank: 2, count: 4, host: "node1", port: 7_000))
        #expect(
            try launcher(["SLURM_PROCID": "1", "SLURM_NTASKS": "2"])
                == .tcp(rank: 1, count: 2, host: "node1", port: 29_500))
        #expect(
            try launcher(["JOB_COMPLETION_INDEX": "0", "WORLD_SIZE": "8"])
                == .tcp(rank: 0, count: 8, host: "node1", port: 29_500))
    }

    @Test(arguments: [
        (["RANK": "0", "WORLD_SIZE": "2"], "MASTER_ADDR"),
        (["MASTER_ADDR": "a", "RANK": "0"], "WORLD_SIZE"),
        (["MASTER_ADDR": "a", "WORLD_SIZE": "2"], "RANK"),
        (["MASTER_ADDR": "a", "WORLD_SIZE": "2", "RANK": "2"], "rank 2 of 2"),
        (["MASTER_ADDR": "a", "WORLD_SIZE": "two", "RANK": "0"], "\"two\""),
        (["MASTER_ADDR": "a", "WORLD_SIZE": "2", "RANK": "-1"], "\"-1\""),
        (["MASTER_ADDR": "a", "WORLD_SIZE": "2", "RANK": "0", "MASTER_PORT": "0"], "MASTER_PORT"),
        (["MASTER_ADDR": "a", "WORLD_SIZE": "5000", "RANK": "0"], "1024"),
    ])
    func `variables that do not fit together are named`(
        environment: [String: String], word: String
    ) {
        let error = #expect(throws: ProcessError.self) {
            try Launcher(environment: environment)
        }
        #expect(error?.description.contains(word) == true)
    }

    @Test func `without a library an MPI launcher's process says what it tried`() {
        let error = #expect(throws: ProcessError.self) {
            try MPIGroup(.mpich, path: "/nowhere/libmpi.so", watchdogSeconds: 1)
        }
        #expect(error?.description.contains("/nowhere/libmpi.so") == true)
    }

    @Test func `a library that is no MPI is refused`() {
        let error = #expect(throws: ProcessError.self) {
            try MPIGroup(.openMPI, path: "libc.so.6", watchdogSeconds: 1)
        }
        #expect(error?.description.contains("MPI_Get_library_version") == true)
    }
}
