"""What runs inside a sandbox. Nothing here is imported by the rest of the package: it travels as source.

    job_init     process 1 of a job: starts the program, holds its limits, reports
    usage        what the processes of a job use, by /proc
    zygote       a warm interpreter that forks a program for each job
    fork         one of these forks, as the zygote watches it
    namespaces   the zygote's own namespaces, and the pid namespace of each job
    lockdown     how a program's process gives itself fresh mounts and gives up every privilege
    warm_python  a Python program run by a fork of the warm interpreter instead of a new one
    container_entry  the first program of a container, which becomes an init or a zygote

These modules use the standard library alone, and each other.
"""
